//! The logger by JSON over HTTP.

use chassis::deadline::Deadline;
use chassis::gate::Gate;
use chassis::health::Dependency;
use http::StatusCode;
use serde::Deserialize;
use wire::entry::{LogBody, NewEntry, StoredEntry};
use wire::envelope::Envelope;
use wire::id::EntryId;
use wire::trace::TraceContext;

use crate::grpc_logger::{WITHOUT_IDEMPOTENCY, now};
use crate::hop_deadline::HopDeadlines;
use crate::http_hop::{HopAnswer, HttpHop};
use crate::outcome::{Failure, RETRY};

const ROUTE: &str = "/log";

/// The logger's HTTP; clones share its connections.
#[derive(Debug, Clone)]
pub(crate) struct JsonLogger {
    hop: HttpHop,
    dependency: Dependency,
}

/// Logger's word on the stored entry; other implementations say less.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StoredReply {
    id: String,
    created_at: String,
}

impl JsonLogger {
    /// The logger at the other end of `hop`; what is found out about it is noted at `dependency`.
    pub(crate) fn new(hop: HttpHop, dependency: Dependency) -> Self {
        Self { hop, dependency }
    }

    /// The way to it.
    pub(crate) fn hop(&self) -> &HttpHop {
        &self.hop
    }

    /// The gate in front of it.
    pub(crate) fn gate(&self) -> &Gate {
        self.hop.gate()
    }

    /// Stores an entry; success means that it is stored.
    pub(crate) async fn store(
        &self,
        id: EntryId,
        entry: NewEntry,
        deadline: Deadline,
        trace: TraceContext,
    ) -> Result<StoredEntry, Failure> {
        let NewEntry { name, data } = entry;
        let sent = LogBody { id: Some(id.clone()), name, data };
        let body = serde_json::to_vec(&sent).map_err(|error| Failure::refused(error.to_string()))?;
        let told = read(&self.hop.post(ROUTE, body, HopDeadlines::within(deadline), trace).await?)?;
        if told.id.is_empty() {
            self.dependency.note(WITHOUT_IDEMPOTENCY);
        }
        let created_at = if told.created_at.is_empty() { now() } else { told.created_at };
        Ok(StoredEntry { id: id.into(), name: sent.name, data: sent.data, created_at, via: None })
    }
}

fn read(answer: &HopAnswer) -> Result<StoredReply, Failure> {
    let envelope: Option<Envelope<StoredReply>> = serde_json::from_slice(&answer.body).ok();
    let message = match &envelope {
        Some(envelope) => envelope.message.clone(),
        None => format!("the logger answered {} with something that can't be read", answer.status),
    };
    match answer.status {
        // A status alone is not the logger's word: a proxy's page has 200 as well.
        status if status.is_success() => match envelope {
            Some(Envelope { error: false, data, .. }) => Ok(data.unwrap_or_default()),
            _ => {
                Err(Failure::Unknown(format!("the logger does not say that it stored the entry: {message}")))
            }
        },
        StatusCode::BAD_REQUEST | StatusCode::CONFLICT | StatusCode::PAYLOAD_TOO_LARGE => {
            Err(Failure::mistake(answer.status, message))
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            Err(Failure::Refused { message, retry_after: answer.retry_after().unwrap_or(RETRY) })
        }
        // A route or a form that it does not know: it did not even look at the entry.
        status if status.is_client_error() => {
            Err(Failure::refused(format!("the logger does not take entries this way: {status} {message}")))
        }
        _ => Err(Failure::Unknown(message)),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use proptest::prelude::*;

    use super::*;

    fn answer(status: u16, body: &[u8]) -> Result<StoredReply, Failure> {
        let status = StatusCode::from_u16(status).unwrap();
        read(&HopAnswer { status, headers: HeaderMap::new(), body: body.to_vec().into() })
    }

    #[test]
    fn only_the_loggers_word_makes_it_stored() {
        assert_eq!(answer(200, br#"{"error":false,"message":"m","data":{"id":"x"}}"#).unwrap().id, "x");
        assert_eq!(answer(202, br#"{"error":false,"message":"m"}"#).unwrap().id, "");
        for body in [&br#"{"error":true,"message":"m"}"#[..], b"", b"<html>"] {
            assert!(matches!(answer(200, body), Err(Failure::Unknown(_))));
        }
    }

    #[test]
    fn each_status_says_what_it_is() {
        let refusal = br#"{"error":true,"message":"m"}"#;
        for status in [400, 409, 413] {
            assert!(
                matches!(answer(status, refusal), Err(Failure::Mistake { status: told, .. }) if told == status)
            );
        }
        assert!(matches!(answer(503, refusal), Err(Failure::Refused { .. })));
        assert!(matches!(answer(404, refusal), Err(Failure::Refused { .. })));
        for status in [302, 500, 502, 504] {
            assert!(matches!(answer(status, refusal), Err(Failure::Unknown(_))), "{status}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_is_read_without_a_panic(status in 200u16..600, body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = answer(status, &body);
        }
    }
}

//! Client of the authentication service.

use chassis::deadline::Deadline;
use chassis::gate::Gate;
use http::StatusCode;
use wire::envelope::Envelope;
use wire::trace::TraceContext;
use wire::user::{Credentials, User};

use crate::hop_deadline::HopDeadlines;
use crate::http_hop::{HopAnswer, HttpHop};
use crate::outcome::{Failure, RETRY};

const ROUTE: &str = "/authentication";

/// The authentication service; clones share its connections.
#[derive(Debug, Clone)]
pub(crate) struct Authentication {
    hop: HttpHop,
}

impl Authentication {
    /// The service at the other end of `hop`.
    pub(crate) fn new(hop: HttpHop) -> Self {
        Self { hop }
    }

    /// The way to it.
    pub(crate) fn hop(&self) -> &HttpHop {
        &self.hop
    }

    /// The gate in front of it.
    pub(crate) fn gate(&self) -> &Gate {
        self.hop.gate()
    }

    /// Asks whose credentials these are.
    pub(crate) async fn ask(
        &self,
        credentials: &Credentials,
        deadline: Deadline,
        trace: TraceContext,
    ) -> Result<(String, User), Failure> {
        let body = serde_json::to_vec(credentials).map_err(|error| Failure::refused(error.to_string()))?;
        let answer = self.hop.post(ROUTE, body, HopDeadlines::within(deadline), trace).await?;
        read(&answer)
    }
}

/// Reads the answer.
// A user is read field by field, so that a hash which another implementation might add goes no further.
fn read(answer: &HopAnswer) -> Result<(String, User), Failure> {
    let envelope: Option<Envelope<User>> = serde_json::from_slice(&answer.body).ok();
    let message = envelope.as_ref().map_or_else(String::new, |envelope| envelope.message.clone());
    let retry_after = answer.retry_after();
    match (answer.status, envelope) {
        (status, Some(Envelope { error: false, data: Some(user), .. })) if status.is_success() => {
            Ok((message, user))
        }
        (
            status @ (StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS),
            _,
        ) => Err(Failure::Mistake { status, message, retry_after }),
        (StatusCode::GATEWAY_TIMEOUT, _) => Err(Failure::Unknown(message)),
        (StatusCode::SERVICE_UNAVAILABLE, _) => {
            Err(Failure::Refused { message, retry_after: retry_after.unwrap_or(RETRY) })
        }
        // A question has no effect, so this is a refusal whatever happened.
        (status, _) => {
            Err(Failure::refused(format!("authentication gave an answer that can't be read: {status}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn answer(status: u16, body: &str) -> Result<(String, User), Failure> {
        let status = StatusCode::from_u16(status).unwrap();
        read(&HopAnswer { status, headers: HeaderMap::new(), body: body.to_owned().into() })
    }

    #[test]
    fn a_user_is_read_and_a_hash_is_not() {
        let body = r#"{"error":false,"message":"m","data":{"id":1,"email":"a@b","password":"hash"}}"#;
        let (_, user) = answer(200, body).unwrap();
        assert!(!serde_json::to_string(&user).unwrap().contains("hash"));
    }

    #[test]
    fn success_with_an_error_in_it_is_no_success() {
        assert!(answer(200, r#"{"error":true,"message":"no"}"#).is_err());
        assert!(answer(202, "").is_err());
    }

    #[test]
    fn the_callers_mistakes_keep_their_status() {
        for status in [400, 401, 429] {
            let failure = answer(status, r#"{"error":true,"message":"no"}"#).unwrap_err();
            assert!(matches!(failure, Failure::Mistake { status: told, .. } if told == status));
        }
    }
}

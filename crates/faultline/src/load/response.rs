//! The response to a request: its answer, or the error in its place. Pure.

use std::borrow::Cow;
use std::fmt::Display;

use serde_json::Value;

use super::classify;
use crate::history::Outcome;
use crate::stack::topology::{AnswerSpec, BodySpec};

/// Response to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// Outcome in Jepsen's terms.
    pub outcome: Outcome,
    /// HTTP status of the answer; none without one.
    pub status: Option<u16>,
    /// Message of the answer, or error of the connection; none for `ok`.
    pub message: Option<String>,
    /// True of an answer of status 2xx that is not the one that its path declares.
    pub undeclared: bool,
}

impl Response {
    /// Makes the response to a request that certainly had no effect.
    #[must_use]
    pub fn not_sent(why: String) -> Self {
        Self::without_answer(true, why)
    }

    /// Makes the response to a request whose effect is unknown.
    #[must_use]
    pub fn unknown(why: String) -> Self {
        Self::without_answer(false, why)
    }

    fn without_answer(never_connected: bool, why: String) -> Self {
        let outcome = classify::no_answer(never_connected);
        Self { outcome, status: None, message: Some(why), undeclared: false }
    }
}

/// Judges a whole answer, on a path that declares `expected`.
pub(super) fn whole(expected: &AnswerSpec, status: u16, body: &[u8]) -> Response {
    let is_success = (200..=299).contains(&status);
    let difference = is_success.then(|| difference(expected, status, body)).flatten();
    // A 2xx in another shape acknowledges nothing: nobody knows which program sent it, or what was done before.
    let undeclared = difference.is_some();
    let outcome = classify::answer(status, !undeclared);
    let message = difference.or_else(|| (outcome != Outcome::Ok).then(|| message_of(body)));
    Response { outcome, status: Some(status), message, undeclared }
}

/// Judges an answer that broke off, which leaves the outcome unknown.
pub(super) fn broken(status: u16, error: &dyn Display) -> Response {
    Response {
        // Neither ok nor fail: the missing part may have said either.
        outcome: Outcome::Info,
        status: Some(status),
        message: Some(format!("the answer broke off: {error}")),
        undeclared: false,
    }
}

/// Judges a request without an answer, which may have been sent.
pub(super) fn none(error: &hyper::Error) -> Response {
    // Hyper's own text names only the kind of an error; the causes say what happened.
    let mut message = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        message += &format!(": {source}");
        cause = source.source();
    }
    Response::unknown(message)
}

/// Describes how a success differs from the declared answer; none if it does not.
fn difference(expected: &AnswerSpec, status: u16, body: &[u8]) -> Option<String> {
    if !expected.status.is_empty() && !expected.status.contains(&status) {
        let right: Vec<String> = expected.status.iter().map(u16::to_string).collect();
        return Some(format!("answer: expected status {}, found {status}", right.join(" or ")));
    }
    let (is_right, right) = match &expected.body {
        BodySpec::Any => return None,
        BodySpec::Envelope => (is_envelope(body), Cow::Borrowed(r#"{"error": false, "message": text}"#)),
        BodySpec::Json(json) => (holds(body, json), Cow::Owned(json.to_string())),
    };
    (!is_right).then(|| format!("answer: expected {right}, found {}", excerpt(body)))
}

/// Members of an envelope with the outcome of the request.
#[derive(serde::Deserialize)]
// Not a `Value`: a struct refuses a member that comes twice, of which a `Value` keeps the
// last. Other members, which may be large, are skipped.
struct AnswerEnvelope<'a> {
    error: Option<bool>,
    #[serde(borrow)]
    // A text with escapes can't be borrowed from the body.
    message: Option<Cow<'a, str>>,
}

fn envelope(body: &[u8]) -> Option<AnswerEnvelope<'_>> {
    // The decoder takes an array for an object, and skips bytes that are no UTF-8 in unknown members.
    let text = std::str::from_utf8(body).ok().filter(|text| text.trim_start().starts_with('{'))?;
    serde_json::from_str(text).ok()
}

fn is_envelope(body: &[u8]) -> bool {
    envelope(body).is_some_and(|envelope| envelope.error == Some(false) && envelope.message.is_some())
}

fn holds(body: &[u8], json: &Value) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|found| contains(&found, json))
}

/// Returns true if every member of `part` is in `whole`; other values must be equal.
fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(name, value)| whole.get(name).is_some_and(|found| contains(found, value)))
        }
        _ => whole == part,
    }
}

/// Returns the message of an envelope, or the beginning of a body in another shape.
fn message_of(body: &[u8]) -> String {
    let message = envelope(body).and_then(|envelope| envelope.message);
    message.map_or_else(|| excerpt(body), Cow::into_owned)
}

/// Returns the beginning of a body.
fn excerpt(body: &[u8]) -> String {
    match body {
        [] => "an empty body".to_owned(),
        // Bounded, since the history keeps the message of each operation that was not ok.
        _ => String::from_utf8_lossy(body).chars().take(200).collect(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn of_envelope(status: u16, body: &[u8]) -> Response {
        whole(&AnswerSpec::default(), status, body)
    }

    #[test]
    fn an_envelope_says_whether_it_is_an_error_and_which() {
        let refused = of_envelope(503, br#"{"error":true,"message":"no \"room\""}"#);
        assert_eq!((refused.outcome, refused.message.as_deref()), (Outcome::Fail, Some("no \"room\"")));
        let stored = of_envelope(202, br#" {"error":false,"message":"stored","data":{"id":"x"}} "#);
        assert_eq!((stored.outcome, stored.message, stored.undeclared), (Outcome::Ok, None, false));
        assert_eq!(of_envelope(500, b"<html>").message.as_deref(), Some("<html>"));
        assert_eq!(of_envelope(502, b"").message.as_deref(), Some("an empty body"));
    }

    #[test]
    fn a_success_that_is_no_envelope_acknowledges_nothing_and_says_so() {
        for body in [
            &b""[..],
            b"hello",
            b"<html></html>",
            br#"{"error":false,"message":"stor"#,
            br#"{"error":false,"message":"stored"}{"#,
            br#"{"error":true,"message":"no"}"#,
            br#"{"error":true,"message":{}}"#,
            br#"{"error":false,"message":{}}"#,
            br#"{"error":"yes","message":"no"}"#,
            br#"{"error":"false","message":"stored"}"#,
            br#"{"error":0,"message":"stored"}"#,
            br#"{"error":null,"message":"stored"}"#,
            br#"{"error":true,"error":false,"message":"stored"}"#,
            br#"{"Error":false,"Message":"stored"}"#,
            br#"{"error":false}"#,
            br#"{"message":"stored"}"#,
            br#"{}"#,
            br#"[false,"stored"]"#,
            br#"[{"error":false,"message":"stored"}]"#,
            br#""stored""#,
            br#"null"#,
            b"{\"error\":false,\"message\":\"stored\",\"data\":\"\xff\"}",
            b"\xef\xbb\xbf{\"error\":false,\"message\":\"stored\"}",
        ] {
            let response = of_envelope(200, body);
            let found = String::from_utf8_lossy(body);
            assert_eq!((response.outcome, response.undeclared), (Outcome::Info, true), "{found}");
            let message = response.message.unwrap_or_default();
            assert!(
                message.starts_with("answer: expected {\"error\": false, \"message\": text}, found "),
                "{message}"
            );
        }
        let empty = of_envelope(204, b"");
        assert_eq!((empty.outcome, empty.undeclared), (Outcome::Info, true));
        assert!(empty.message.is_some_and(|message| message.ends_with("found an empty body")));
    }

    #[test]
    fn a_path_may_declare_another_answer() {
        let any = AnswerSpec::any();
        assert_eq!(
            (whole(&any, 204, b"").outcome, whole(&any, 200, b"hi").outcome),
            (Outcome::Ok, Outcome::Ok)
        );
        assert_eq!(whole(&any, 404, b"").outcome, Outcome::Fail);

        let made =
            AnswerSpec { status: vec![201], body: BodySpec::Json(json!({ "order": { "state": "paid" } })) };
        let body = br#"{"order":{"state":"paid","id":7},"at":"now"}"#;
        assert_eq!(whole(&made, 201, body).outcome, Outcome::Ok);
        for (status, body, expected) in [
            (200, &body[..], "answer: expected status 201, found 200"),
            (201, br#"{"order":{"state":"open"}}"#, "found {\"order\":{\"state\":\"open\"}}"),
            (201, br#"{"order":"paid"}"#, "answer: expected {\"order\":{\"state\":\"paid\"}}, found"),
            (201, b"", "found an empty body"),
        ] {
            let response = whole(&made, status, body);
            assert_eq!((response.outcome, response.undeclared), (Outcome::Info, true));
            assert!(
                response.message.as_ref().is_some_and(|message| message.contains(expected)),
                "{response:?}"
            );
        }
    }

    /// Bytes of every kind, many of them near an envelope.
    fn body() -> impl Strategy<Value = Vec<u8>> {
        let words = prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "\"error\"",
            "\"message\"",
            "\"data\"",
            "true",
            "false",
            "null",
            "0",
            "\"stored\"",
            "\"\"",
            " ",
            "\u{feff}",
            "<html>",
        ]);
        let member =
            ("error|message|data|id", prop::sample::select(vec!["true", "false", "null", "\"x\"", "{}"]));
        let object = prop::collection::vec(member, 0..5).prop_map(|members| {
            let members: Vec<String> =
                members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            format!("{{{}}}", members.join(",")).into_bytes()
        });
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..60),
            prop::collection::vec(words, 0..12).prop_map(|words| words.concat().into_bytes()),
            object,
        ]
    }

    /// An envelope that is no error, recognised in another way: by a decoder that keeps every member.
    fn is_good(body: &[u8]) -> bool {
        let names = |name: &str| {
            let quoted = format!("\"{name}\"");
            String::from_utf8_lossy(body).matches(&quoted).count()
        };
        match serde_json::from_slice::<Value>(body) {
            Ok(Value::Object(members)) => {
                let twice = names("error") > 1 || names("message") > 1;
                members.get("error") == Some(&Value::Bool(false))
                    && members.get("message").is_some_and(Value::is_string)
                    && !twice
            }
            _ => false,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn only_an_envelope_without_an_error_is_an_acknowledgement(status in 200u16..300, body in body()) {
            let response = of_envelope(status, &body);
            prop_assert_eq!(response.outcome == Outcome::Ok, is_good(&body), "{}", String::from_utf8_lossy(&body));
            prop_assert_eq!(response.undeclared, response.outcome != Outcome::Ok);
            prop_assert_eq!(response.message.is_some(), response.outcome != Outcome::Ok);
        }

        #[test]
        fn no_other_status_is_an_acknowledgement(status in 300u16..600, body in body()) {
            let response = of_envelope(status, &body);
            prop_assert!(response.outcome != Outcome::Ok && !response.undeclared && response.message.is_some());
        }
    }
}

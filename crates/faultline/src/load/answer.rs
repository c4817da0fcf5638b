//! What came of a request: from its answer, or from what was there instead of one. Pure.

use std::borrow::Cow;
use std::fmt::Display;

use serde_json::Value;

use super::classify;
use crate::history::Outcome;
use crate::stack::topology::{AnswerSpec, BodySpec};

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// In Jepsen's terms.
    pub outcome: Outcome,
    /// The status of the answer, where there was one.
    pub status: Option<u16>,
    /// For all but `ok`: what the answer or the connection said.
    pub message: Option<String>,
    /// An answer of status 2xx that is not what the path declares.
    pub undeclared: bool,
}

impl Sent {
    /// A request that surely had no effect, and why.
    #[must_use]
    pub fn never(why: String) -> Self {
        Self::without_answer(true, why)
    }

    /// A request of which nothing is known, and why.
    #[must_use]
    pub fn unknown(why: String) -> Self {
        Self::without_answer(false, why)
    }

    fn without_answer(never_connected: bool, why: String) -> Self {
        let outcome = classify::no_answer(never_connected);
        Self { outcome, status: None, message: Some(why), undeclared: false }
    }
}

/// An answer that came whole, on a path that declares `expected`.
pub(super) fn whole(expected: &AnswerSpec, status: u16, body: &[u8]) -> Sent {
    let is_success = (200..=299).contains(&status);
    let difference = is_success.then(|| difference(expected, status, body)).flatten();
    let undeclared = difference.is_some();
    let outcome = classify::answer(status, !undeclared);
    let message = difference.or_else(|| (outcome != Outcome::Ok).then(|| said(body)));
    Sent { outcome, status: Some(status), message, undeclared }
}

/// An answer of which only the beginning came: whether it would have been the whole one is open.
pub(super) fn broken(status: u16, error: &dyn Display) -> Sent {
    Sent {
        outcome: Outcome::Info,
        status: Some(status),
        message: Some(format!("the answer broke off: {error}")),
        undeclared: false,
    }
}

/// No answer to a request that may have been sent.
pub(super) fn none(error: &hyper::Error) -> Sent {
    let mut message = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        message += &format!(": {source}");
        cause = source.source();
    }
    Sent::unknown(message)
}

/// A success beside the right answer, in words; none where it is that answer.
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

/// The members of an envelope that say how the request went.
#[derive(serde::Deserialize)]
struct Envelope<'a> {
    error: Option<bool>,
    #[serde(borrow)]
    message: Option<Cow<'a, str>>,
}

fn envelope(body: &[u8]) -> Option<Envelope<'_>> {
    // The decoder takes an array for an object, and passes over bytes that are no UTF-8 in members that it skips.
    let text = std::str::from_utf8(body).ok().filter(|text| text.trim_start().starts_with('{'))?;
    serde_json::from_str(text).ok()
}

fn is_envelope(body: &[u8]) -> bool {
    envelope(body).is_some_and(|envelope| envelope.error == Some(false) && envelope.message.is_some())
}

fn holds(body: &[u8], json: &Value) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|found| contains(&found, json))
}

/// Tells whether every member of `part` is in `whole`; what is no object must be equal.
fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(name, value)| whole.get(name).is_some_and(|found| contains(found, value)))
        }
        _ => whole == part,
    }
}

/// The reason that a refusal gives, or its beginning where it has another shape.
fn said(body: &[u8]) -> String {
    let message = envelope(body).and_then(|envelope| envelope.message);
    message.map_or_else(|| excerpt(body), Cow::into_owned)
}

/// The beginning of a body.
fn excerpt(body: &[u8]) -> String {
    match body {
        [] => "an empty body".to_owned(),
        _ => String::from_utf8_lossy(body).chars().take(200).collect(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn of_envelope(status: u16, body: &[u8]) -> Sent {
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
            let sent = of_envelope(200, body);
            let found = String::from_utf8_lossy(body);
            assert_eq!((sent.outcome, sent.undeclared), (Outcome::Info, true), "{found}");
            let told = sent.message.unwrap_or_default();
            assert!(
                told.starts_with("answer: expected {\"error\": false, \"message\": text}, found "),
                "{told}"
            );
        }
        let empty = of_envelope(204, b"");
        assert_eq!((empty.outcome, empty.undeclared), (Outcome::Info, true));
        assert!(empty.message.is_some_and(|told| told.ends_with("found an empty body")));
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
        for (status, body, told) in [
            (200, &body[..], "answer: expected status 201, found 200"),
            (201, br#"{"order":{"state":"open"}}"#, "found {\"order\":{\"state\":\"open\"}}"),
            (201, br#"{"order":"paid"}"#, "answer: expected {\"order\":{\"state\":\"paid\"}}, found"),
            (201, b"", "found an empty body"),
        ] {
            let sent = whole(&made, status, body);
            assert_eq!((sent.outcome, sent.undeclared), (Outcome::Info, true));
            assert!(sent.message.as_ref().is_some_and(|message| message.contains(told)), "{sent:?}");
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

    /// An envelope that is no error, told apart in another way: by a decoder that keeps every member.
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
            let sent = of_envelope(status, &body);
            prop_assert_eq!(sent.outcome == Outcome::Ok, is_good(&body), "{}", String::from_utf8_lossy(&body));
            prop_assert_eq!(sent.undeclared, sent.outcome != Outcome::Ok);
            prop_assert_eq!(sent.message.is_some(), sent.outcome != Outcome::Ok);
        }

        #[test]
        fn no_other_status_is_an_acknowledgement(status in 300u16..600, body in body()) {
            let sent = of_envelope(status, &body);
            prop_assert!(sent.outcome != Outcome::Ok && !sent.undeclared && sent.message.is_some());
        }
    }
}

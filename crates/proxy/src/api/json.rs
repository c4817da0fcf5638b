//! JSON as Go's decoder takes it, and as its encoder writes it: names of fields match in any case, unknown fields, nulls
//! and whatever follows the first value are ignored.

use serde::Serialize;
use serde_json::{Map, Value};

/// A body that is not what it should be; clients show the words after `bad request body: `.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bad request body: {0}")]
pub(super) struct BadBody(pub(super) String);

/// The first value of a body.
pub(super) fn first(body: &[u8]) -> Result<Value, BadBody> {
    let mut values = serde_json::Deserializer::from_slice(body).into_iter::<Value>();
    match values.next() {
        None => Err(BadBody("EOF".to_owned())),
        Some(Err(error)) if error.is_eof() => Err(BadBody("unexpected EOF".to_owned())),
        Some(Err(error)) => Err(BadBody(error.to_string())),
        Some(Ok(value)) => Ok(value),
    }
}

/// The fields of an object; none of `null`.
#[derive(Debug, Default)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Of a value; `what` names it to people.
    pub(super) fn of(value: Value, what: &str) -> Result<Self, BadBody> {
        match value {
            Value::Object(fields) => Ok(Self(fields)),
            Value::Null => Ok(Self::default()),
            other => Err(wrong(&other, what, "an object")),
        }
    }

    /// A field that is there and not null.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        let exact = self.0.get(name);
        let found = exact.or_else(|| {
            self.0.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        });
        found.filter(|value| !value.is_null())
    }

    pub(super) fn string(&self, name: &str) -> Result<Option<String>, BadBody> {
        self.typed(name, "a string", |value| value.as_str().map(str::to_owned))
    }

    pub(super) fn boolean(&self, name: &str) -> Result<Option<bool>, BadBody> {
        self.typed(name, "true or false", Value::as_bool)
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<f64>, BadBody> {
        self.typed(name, "a number", Value::as_f64)
    }

    pub(super) fn integer(&self, name: &str) -> Result<Option<i64>, BadBody> {
        self.typed(name, "a whole number of 64 bits", Value::as_i64)
    }

    pub(super) fn array(&self, name: &str) -> Result<Option<Vec<Value>>, BadBody> {
        self.typed(name, "an array", |value| value.as_array().cloned())
    }

    fn typed<T>(
        &self,
        name: &str,
        wanted: &str,
        take: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, BadBody> {
        let Some(value) = self.get(name) else { return Ok(None) };
        take(value).map(Some).ok_or_else(|| wrong(value, name, wanted))
    }
}

/// Of what kind a value is that should be another.
fn wrong(value: &Value, what: &str, wanted: &str) -> BadBody {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "another number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    BadBody(format!("{what} must be {wanted}, not {kind}"))
}

/// As Go writes it: what HTML could take for itself is escaped.
pub(super) fn written(value: &impl Serialize) -> String {
    // These stand in strings only, so the text can be looked at as a whole. What is written here has string keys only,
    // so it can always be.
    let text = serde_json::to_string(value).unwrap_or_default();
    text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bodies_are_read_as_go_reads_them() {
        assert_eq!(first(b"").unwrap_err().to_string(), "bad request body: EOF");
        assert_eq!(first(b"{\"a\":").unwrap_err().to_string(), "bad request body: unexpected EOF");
        let fields =
            Fields::of(first(b"{\"NAME\":\"x\",\"n\":null,\"i\":1.5,\"b\":true} rest").unwrap(), "it")
                .unwrap();
        assert_eq!(fields.string("name"), Ok(Some("x".to_owned())));
        assert_eq!((fields.integer("n"), fields.string("none")), (Ok(None), Ok(None)));
        assert_eq!(
            fields.integer("i").unwrap_err().to_string(),
            "bad request body: i must be a whole number of 64 bits, not another number"
        );
        assert_eq!(fields.boolean("b"), Ok(Some(true)));
        assert!(Fields::of(json!([]), "it").is_err() && first(&[b'['; 100_000]).is_err());
        assert_eq!(written(&json!({"a": "<b>&"})), "{\"a\":\"\\u003cb\\u003e\\u0026\"}");
    }
}

//! JSON as Go's decoder reads it and its encoder writes it: names of fields match in any case; unknown fields, nulls and
//! everything behind the first value are ignored.

use serde::Serialize;
use serde_json::{Map, Value};

/// Body that does not fit. Clients show the text behind `bad request body: `.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bad request body: {0}")]
pub(super) struct BadBody(pub(super) String);

/// Parses the first value of a body.
pub(super) fn parse_first(body: &[u8]) -> Result<Value, BadBody> {
    let mut values = serde_json::Deserializer::from_slice(body).into_iter::<Value>();
    match values.next() {
        // Go's words for an empty body, and for one that ends too early.
        None => Err(BadBody("EOF".to_owned())),
        Some(Err(error)) if error.is_eof() => Err(BadBody("unexpected EOF".to_owned())),
        Some(Err(error)) => Err(BadBody(error.to_string())),
        Some(Ok(value)) => Ok(value),
    }
}

/// Fields of an object; empty for `null`, as in Go.
#[derive(Debug, Default)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// Takes the fields of a value, which errors call `what`.
    pub(super) fn from_value(value: Value, what: &str) -> Result<Self, BadBody> {
        match value {
            Value::Object(fields) => Ok(Self(fields)),
            Value::Null => Ok(Self::default()),
            other => Err(mismatch(&other, what, "an object")),
        }
    }

    /// Returns a field, unless it is absent or null.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        // Go takes a name in any case, and the last of several.
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
        // Go refuses 1.0 for an integer too.
        self.typed(name, "a whole number of 64 bits", Value::as_i64)
    }

    pub(super) fn array(&self, name: &str) -> Result<Option<Vec<Value>>, BadBody> {
        self.typed(name, "an array", |value| value.as_array().cloned())
    }

    fn typed<T>(
        &self,
        name: &str,
        expected: &str,
        convert: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, BadBody> {
        let Some(value) = self.get(name) else { return Ok(None) };
        convert(value).map(Some).ok_or_else(|| mismatch(value, name, expected))
    }
}

/// Makes the error for a value of another type than expected.
pub(super) fn mismatch(value: &Value, what: &str, expected: &str) -> BadBody {
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "another number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    BadBody(format!("{what}: expected {expected}, found {found}"))
}

/// Encodes a value as Go does, with the characters escaped that have a meaning in HTML.
pub(super) fn encode(value: &impl Serialize) -> String {
    // The three characters occur in strings only, so the whole text may be searched. The encoder fails only for keys that
    // are no strings, and no value here has such keys.
    let text = serde_json::to_string(value).unwrap_or_default();
    text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bodies_are_read_as_go_reads_them() {
        assert_eq!(parse_first(b"").unwrap_err().to_string(), "bad request body: EOF");
        assert_eq!(parse_first(b"{\"a\":").unwrap_err().to_string(), "bad request body: unexpected EOF");
        let fields = Fields::from_value(
            parse_first(b"{\"NAME\":\"x\",\"n\":null,\"i\":1.5,\"b\":true} rest").unwrap(),
            "it",
        )
        .unwrap();
        assert_eq!(fields.string("name"), Ok(Some("x".to_owned())));
        assert_eq!((fields.integer("n"), fields.string("none")), (Ok(None), Ok(None)));
        assert_eq!(
            fields.integer("i").unwrap_err().to_string(),
            "bad request body: i: expected a whole number of 64 bits, found another number"
        );
        assert_eq!(fields.boolean("b"), Ok(Some(true)));
        assert!(Fields::from_value(json!([]), "it").is_err() && parse_first(&[b'['; 100_000]).is_err());
        assert_eq!(encode(&json!({"a": "<b>&"})), "{\"a\":\"\\u003cb\\u003e\\u0026\"}");
    }
}

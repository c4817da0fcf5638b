//! Values of a toxic's attributes: durations with their unit, else whole numbers.

use std::fmt;

use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize};

use crate::scenario::duration::Span;
use faultline_toxics::Attribute;

/// A value as it stands in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum AttributeValue {
    /// A whole number.
    Number(i64),
    /// A text in quotes.
    Text(String),
}

impl AttributeValue {
    /// Converts to the attribute's unit.
    ///
    /// # Errors
    /// The expected form, where the value has another.
    pub fn value(&self, of: &Attribute) -> Result<i64, String> {
        let name = of.name;
        let unit = match of.unit {
            "ms" => Some(1000),
            "µs" => Some(1),
            _ => None,
        };
        let value = match (self, unit) {
            (Self::Text(text), Some(micros)) => {
                in_unit(text.parse().map_err(|bad| format!("{bad}"))?, micros)
                    .ok_or_else(|| format!("{name}: expected a whole number of {}", of.unit))?
            }
            // A time without its unit is read as seconds by one and as milliseconds by another.
            (Self::Number(number), Some(_)) => {
                return Err(format!(
                    "{name}: expected a duration like \"{number}ms\", found {number} without a unit"
                ));
            }
            (Self::Number(number), None) => *number,
            (Self::Text(_), None) if of.unit.is_empty() => {
                return Err(format!("{name}: expected a whole number, found {self}"));
            }
            (Self::Text(_), None) => {
                return Err(format!("{name}: expected a whole number ({}), found {self}", of.unit));
            }
        };
        match value {
            ..0 => Err(format!("{name}: expected at least 0, found {self}")),
            0 if of.needed && !of.effective_at_zero => {
                Err(format!("{name}: expected more than 0, found {self}: it would have no effect"))
            }
            value => Ok(value),
        }
    }

    /// Writes a value of this attribute with its unit.
    #[must_use]
    pub fn with_unit(value: i64, attribute: &Attribute) -> Self {
        let micros = u64::try_from(value).unwrap_or(0);
        match attribute.unit {
            "ms" => Self::Text(Span::from_millis(micros).to_string()),
            "µs" => Self::Text(Span::from_micros(micros).to_string()),
            _ => Self::Number(value),
        }
    }
}

fn in_unit(span: Span, micros: u64) -> Option<i64> {
    // No rounding: the toxic would do something else than the file says.
    if span.micros().is_multiple_of(micros) { i64::try_from(span.micros() / micros).ok() } else { None }
}

impl fmt::Display for AttributeValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

// Not derived: of an untagged enum serde reports only that no variant matched, and not what was expected.
impl<'de> Deserialize<'de> for AttributeValue {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct ValueVisitor;
        impl Visitor<'_> for ValueVisitor {
            type Value = AttributeValue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, or a duration in quotes like \"200ms\"")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<AttributeValue, E> {
                Ok(AttributeValue::Number(number))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<AttributeValue, E> {
                i64::try_from(number).map(AttributeValue::Number).map_err(E::custom)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<AttributeValue, E> {
                Ok(AttributeValue::Text(text.to_owned()))
            }
        }
        from.deserialize_any(ValueVisitor)
    }
}

#[cfg(test)]
mod tests {
    use faultline_toxics::kind;

    use super::*;

    #[test]
    fn nothing_is_taken_only_where_it_does_something() {
        let value = |of: &str, given| AttributeValue::value(&given, &kind(of).unwrap().attributes[0]);
        let text = |text: &str| AttributeValue::Text(text.to_owned());
        assert_eq!(value("bandwidth", AttributeValue::Number(0)), Ok(0));
        assert_eq!(value("close_after", text("0s")), Ok(0));
        let message = "rate: expected more than 0, found 0: it would have no effect";
        assert_eq!(value("corrupt", AttributeValue::Number(0)), Err(message.to_owned()));
        let message = "latency: expected more than 0, found 0ms: it would have no effect";
        assert_eq!(value("latency", text("0ms")), Err(message.to_owned()));
    }
}

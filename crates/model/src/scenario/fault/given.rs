//! The values of a toxic's attributes as people write them: durations with their unit, else whole numbers.

use std::fmt;

use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize};

use crate::scenario::duration::Span;
use faultline_toxics::Attribute;

/// A value as it stands in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Given {
    /// A whole number.
    Number(i64),
    /// Anything in quotes.
    Text(String),
}

impl Given {
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
                    .ok_or_else(|| format!("`{name}` is kept in whole {}", of.unit))?
            }
            (Self::Number(number), Some(_)) => {
                return Err(format!(
                    "`{name}` is a duration: write {number} with its unit, like \"{number}ms\""
                ));
            }
            (Self::Number(number), None) => *number,
            (Self::Text(_), None) if of.unit.is_empty() => return Err(format!("`{name}` is a whole number")),
            (Self::Text(_), None) => return Err(format!("`{name}` is a whole number ({})", of.unit)),
        };
        match value {
            ..0 => Err(format!("`{name}` is at least 0")),
            0 if of.needed && !of.effective_at_zero => {
                Err(format!("with `{name}` at 0 nothing would be done"))
            }
            value => Ok(value),
        }
    }

    /// Writes a value of this attribute with its unit.
    #[must_use]
    pub fn of(value: i64, attribute: &Attribute) -> Self {
        let micros = u64::try_from(value).unwrap_or(0);
        match attribute.unit {
            "ms" => Self::Text(Span::from_millis(micros).to_string()),
            "µs" => Self::Text(Span::from_micros(micros).to_string()),
            _ => Self::Number(value),
        }
    }
}

fn in_unit(span: Span, micros: u64) -> Option<i64> {
    if span.micros().is_multiple_of(micros) { i64::try_from(span.micros() / micros).ok() } else { None }
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Given;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number, or a duration in quotes like \"200ms\"")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Given, E> {
                Ok(Given::Number(number))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Given, E> {
                i64::try_from(number).map(Given::Number).map_err(E::custom)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Given, E> {
                Ok(Given::Text(text.to_owned()))
            }
        }
        from.deserialize_any(Either)
    }
}

#[cfg(test)]
mod tests {
    use faultline_toxics::kind;

    use super::*;

    #[test]
    fn nothing_is_taken_only_where_it_does_something() {
        let value = |of: &str, given| Given::value(&given, &kind(of).unwrap().attributes[0]);
        let text = |text: &str| Given::Text(text.to_owned());
        assert_eq!(value("bandwidth", Given::Number(0)), Ok(0));
        assert_eq!(value("close_after", text("0s")), Ok(0));
        let told = "with `rate` at 0 nothing would be done";
        assert_eq!(value("corrupt", Given::Number(0)), Err(told.to_owned()));
        let told = "with `latency` at 0 nothing would be done";
        assert_eq!(value("latency", text("0ms")), Err(told.to_owned()));
    }
}

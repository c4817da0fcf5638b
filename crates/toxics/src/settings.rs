//! A kind of toxic together with values for its attributes.

use super::spec::ToxicKind;
use super::values::{BadValue, Values};

/// A kind of toxic and values for its attributes; the two always fit.
#[derive(Debug, Clone)]
// The fields are private, so that the values of one kind cannot meet the attributes of another.
pub struct ToxicSettings {
    spec: &'static ToxicKind,
    values: Values,
}

impl ToxicSettings {
    /// Makes settings of a kind, with every attribute at 0.
    #[must_use]
    pub fn new(spec: &'static ToxicKind) -> Self {
        Self { spec, values: Values::new(spec.name, spec.attributes) }
    }

    /// Returns the kind.
    #[must_use]
    pub fn spec(&self) -> &'static ToxicKind {
        self.spec
    }

    /// Returns the values.
    #[must_use]
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// Sets the value of one attribute.
    ///
    /// # Errors
    /// [`BadValue`] if the kind has no such attribute, or if the value is below its bound.
    pub fn set(&mut self, attribute: &str, value: i64) -> Result<(), BadValue> {
        self.values.set(attribute, value)
    }
}

//! The values of a toxic's attributes, checked against its kind.

use super::attribute::Attribute;

/// Values of the attributes of one kind of toxic. An attribute that was not set is 0.
#[derive(Debug, Clone)]
pub struct Values {
    kind: &'static str,
    attributes: &'static [Attribute],
    values: Vec<i64>,
}

/// A value that a toxic does not accept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadValue {
    /// The kind has no attribute of this name.
    #[error("attribute of {kind}: expected {}, found \"{attribute}\"", one_of(known))]
    Unknown {
        /// Name of the kind.
        kind: &'static str,
        /// The name that was given.
        attribute: String,
        /// Names of the attributes that the kind has.
        known: Vec<&'static str>,
    },
    /// The value is below the smallest accepted one.
    #[error("{attribute} of {kind}: expected at least {least}, found {value}")]
    TooSmall {
        /// Name of the kind.
        kind: &'static str,
        /// Name of the attribute.
        attribute: &'static str,
        /// Smallest accepted value.
        least: i64,
        /// The value that was given.
        value: i64,
    },
}

impl Values {
    /// Makes the values of a kind with these attributes, all 0.
    #[must_use]
    pub(crate) fn new(kind: &'static str, attributes: &'static [Attribute]) -> Self {
        Self { kind, attributes, values: vec![0; attributes.len()] }
    }

    /// Sets one value.
    ///
    /// # Errors
    /// [`BadValue`] if the kind has no such attribute, or if the value is below its bound.
    pub fn set(&mut self, attribute: &str, value: i64) -> Result<(), BadValue> {
        let place = self.attributes.iter().position(|known| known.name == attribute);
        let place = place.ok_or_else(|| BadValue::Unknown {
            kind: self.kind,
            attribute: attribute.to_owned(),
            known: self.attributes.iter().map(|known| known.name).collect(),
        })?;
        let Attribute { name, least, .. } = self.attributes[place];
        if value < least {
            return Err(BadValue::TooSmall { kind: self.kind, attribute: name, least, value });
        }
        self.values[place] = value;
        Ok(())
    }

    /// Lists all values by name, in the order of the kind's attributes.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, i64)> {
        self.attributes.iter().map(|attribute| attribute.name).zip(self.values.iter().copied())
    }

    /// Returns the value of an attribute; 0 for one that the kind does not have.
    #[must_use]
    pub fn get(&self, attribute: &str) -> i64 {
        // No error: only the stages of the kind ask, by the names that stand in the same file.
        self.iter().find(|(name, _)| *name == attribute).map_or(0, |(_, value)| value)
    }

    /// Returns the value of an attribute, with 0 in place of a negative one.
    pub(crate) fn at_least_zero(&self, attribute: &str) -> u64 {
        u64::try_from(self.get(attribute)).unwrap_or(0)
    }
}

fn one_of(known: &[&str]) -> String {
    match known {
        [] => "none".to_owned(),
        [one] => format!("\"{one}\""),
        many => format!("one of \"{}\"", many.join("\", \"")),
    }
}

//! What a kind of toxic is: its name, its attributes with their units and defaults, and how it acts. The API, the
//! scenario files, the list of faults and the documentation all read it from here.

use std::fmt::Debug;

use super::super::chain::{Begin, Stage};
use super::door::{Coming, Entry};

/// A whole number that a toxic can be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute {
    /// Its name, Toxiproxy's where that has it.
    pub name: &'static str,
    /// Of what the number is, as people write it; empty for a mere number.
    pub unit: &'static str,
    /// What it means.
    pub about: &'static str,
    /// The least that is taken. Where Toxiproxy has the attribute, only what would make it crash is less.
    pub least: i64,
    /// Whether it has to be given for anything to be done.
    pub needed: bool,
    /// Whether something is done at 0 as well.
    pub acts_at_zero: bool,
}

impl Attribute {
    /// One that takes any number; less than 0 counts as 0, as Toxiproxy's do.
    pub(super) const fn new(name: &'static str, unit: &'static str, about: &'static str) -> Self {
        Self { name, unit, about, least: i64::MIN, needed: false, acts_at_zero: false }
    }

    /// The same with a least value.
    pub(super) const fn at_least(self, least: i64) -> Self {
        Self { least, ..self }
    }

    /// The same, which does nothing unless it is given.
    pub(super) const fn needed(self) -> Self {
        Self { needed: true, ..self }
    }

    /// The same, which does something at 0 as well.
    pub(super) const fn acting_at_zero(self) -> Self {
        Self { acts_at_zero: true, ..self }
    }
}

/// When a toxic acts.
#[derive(Debug, Clone, Copy)]
pub enum Acts {
    /// On what flows in one direction of a connection, also of one that is open.
    Stream(fn(&Values, Begin) -> Box<dyn Stage>),
    /// When a connection comes: on new ones only, whatever its stream is said to be.
    Door(fn(&Values, Coming) -> Entry),
}

/// A kind of toxic.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// Its name, the `type` of Toxiproxy's API.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub about: &'static str,
    /// What became of a connection that it acted on, in a word or two.
    pub effect: &'static str,
    /// What it can be given; what is left out is 0.
    pub attributes: &'static [Attribute],
    /// When it acts.
    pub acts: Acts,
    /// Whether Toxiproxy has it too.
    pub of_toxiproxy: bool,
}

/// The values of a toxic's attributes, in the order of its kind.
#[derive(Debug, Clone)]
pub struct Values {
    spec: &'static Spec,
    values: Vec<i64>,
}

/// A value that a toxic does not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadValue {
    /// No such attribute.
    #[error("{kind} has no attribute \"{attribute}\"; it has {}", known.join(", "))]
    Unknown {
        /// The kind of the toxic.
        kind: &'static str,
        /// As it was given.
        attribute: String,
        /// Those that there are.
        known: Vec<&'static str>,
    },
    /// Less than makes sense.
    #[error("{attribute} of {kind} must be at least {least}, not {value}")]
    TooSmall {
        /// The kind of the toxic.
        kind: &'static str,
        /// The attribute.
        attribute: &'static str,
        /// The least that makes sense.
        least: i64,
        /// As it was given.
        value: i64,
    },
}

impl Values {
    /// Nothing given: all are 0.
    #[must_use]
    pub fn new(spec: &'static Spec) -> Self {
        Self { spec, values: vec![0; spec.attributes.len()] }
    }

    /// These, in the order of the kind; the rest are 0.
    #[cfg(test)]
    pub(crate) fn of(spec: &'static Spec, given: &[i64]) -> Self {
        let mut values = Self::new(spec);
        for (value, given) in values.values.iter_mut().zip(given) {
            *value = *given;
        }
        values
    }

    /// The kind of the toxic.
    #[must_use]
    pub fn spec(&self) -> &'static Spec {
        self.spec
    }

    /// Sets one.
    ///
    /// # Errors
    /// [`BadValue`] for an attribute that the kind does not have, or a value that makes no sense.
    pub fn set(&mut self, attribute: &str, value: i64) -> Result<(), BadValue> {
        let place = self.spec.attributes.iter().position(|known| known.name == attribute);
        let place = place.ok_or_else(|| BadValue::Unknown {
            kind: self.spec.name,
            attribute: attribute.to_owned(),
            known: self.spec.attributes.iter().map(|known| known.name).collect(),
        })?;
        let Attribute { name, least, .. } = self.spec.attributes[place];
        if value < least {
            return Err(BadValue::TooSmall { kind: self.spec.name, attribute: name, least, value });
        }
        self.values[place] = value;
        Ok(())
    }

    /// All, by name, in the order of the kind.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, i64)> {
        self.spec.attributes.iter().map(|attribute| attribute.name).zip(self.values.iter().copied())
    }

    /// The one at a place of the kind's list.
    pub(crate) fn at(&self, place: usize) -> i64 {
        self.values.get(place).copied().unwrap_or(0)
    }

    /// The same where less than 0 counts as 0.
    pub(crate) fn at_least_zero(&self, place: usize) -> u64 {
        u64::try_from(self.at(place)).unwrap_or(0)
    }
}

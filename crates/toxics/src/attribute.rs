//! The attributes of a kind of toxic: names, units and bounds.

/// A whole number that configures a toxic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute {
    /// Name in the API and in scenario files; Toxiproxy's where Toxiproxy has the attribute.
    pub name: &'static str,
    /// Unit as people write it, such as `ms`; empty for a plain number.
    pub unit: &'static str,
    /// Meaning, in a few words.
    pub about: &'static str,
    /// Smallest accepted value. An attribute of Toxiproxy's is bounded only where a smaller value would crash it.
    pub least: i64,
    /// True if the toxic has no effect without this attribute.
    // Scenarios alone insist on it: the API takes 0 for what a request leaves out, as Toxiproxy does.
    pub needed: bool,
    /// True if the toxic has an effect at 0 as well.
    pub effective_at_zero: bool,
}

impl Attribute {
    /// Declares an attribute that accepts any number. Values below 0 count as 0, as in Toxiproxy.
    pub(crate) const fn new(name: &'static str, unit: &'static str, about: &'static str) -> Self {
        Self { name, unit, about, least: i64::MIN, needed: false, effective_at_zero: false }
    }

    /// Sets the smallest accepted value.
    pub(crate) const fn at_least(self, least: i64) -> Self {
        Self { least, ..self }
    }

    /// Marks the attribute as one that must be given.
    pub(crate) const fn needed(self) -> Self {
        Self { needed: true, ..self }
    }

    /// Marks the attribute as one that has an effect at 0.
    pub(crate) const fn effective_at_zero(self) -> Self {
        Self { effective_at_zero: true, ..self }
    }
}

//! The kinds of toxics: name, attributes and effect. The API, scenario files, the list of faults and the documentation
//! all read them from here.

use super::attribute::Attribute;
use super::door::{Admission, Arrival};
use super::stage::{Begin, Stage};
use super::values::Values;

/// The moment at which a toxic takes effect.
#[derive(Debug, Clone, Copy)]
pub enum Acts {
    /// On the bytes of one direction of a connection, also of one that is open already.
    Stream(fn(&Values, Begin) -> Box<dyn Stage>),
    /// On arrival of a connection: new ones only, whatever direction the toxic names.
    Door(fn(&Values, Arrival) -> Admission),
}

/// A kind of toxic.
#[derive(Debug, Clone, Copy)]
pub struct Spec {
    /// Name; the `type` of Toxiproxy's API.
    pub name: &'static str,
    /// Effect, in one sentence.
    pub about: &'static str,
    /// Effect on a connection as a past participle, such as `delayed`; completes "3 connections were …".
    pub effect: &'static str,
    /// Attributes; one that is not given is 0.
    pub attributes: &'static [Attribute],
    /// Moment of its effect.
    pub acts: Acts,
    /// True if Toxiproxy has the kind too.
    pub of_toxiproxy: bool,
}

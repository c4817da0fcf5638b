//! The kinds of toxics: name, attributes and effect. The API, scenario files, the list of faults and the documentation
//! all read them from here.

use super::admission::{Admission, NewConnection};
use super::attribute::Attribute;
use super::stage::{Start, ToxicStage};
use super::values::Values;

/// Implementation of a kind: the moment at which it takes effect, and its code.
#[derive(Debug, Clone, Copy)]
// Function pointers, so that a kind is a `static` that needs no registration when the program starts.
pub enum Action {
    /// Stage for the bytes of one direction of a connection, also of one that is open already.
    Bytes(fn(&Values, Start) -> Box<dyn ToxicStage>),
    /// Decision on the arrival of a connection; new ones only, in whatever direction the toxic is.
    Arrival(fn(&Values, NewConnection) -> Admission),
}

/// A kind of toxic.
#[derive(Debug, Clone, Copy)]
pub struct ToxicKind {
    /// Name; the `type` of Toxiproxy's API.
    pub name: &'static str,
    /// Effect, in one sentence.
    pub about: &'static str,
    /// Effect on a connection as a past participle, such as `delayed`; completes "3 connections were …".
    pub effect: &'static str,
    /// Attributes; one that is not given is 0.
    pub attributes: &'static [Attribute],
    /// Implementation.
    pub action: Action,
    /// True if Toxiproxy has the kind too.
    pub of_toxiproxy: bool,
}

//! The admission of a new connection by the toxics that take effect on arrival.

use std::time::Duration;

/// The answer of a toxic to a new connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// The connection is accepted.
    Pass,
    /// The connection is reset.
    Reset,
    /// The connection is accepted after a delay.
    // A duration and not a moment, since a toxic has no clock.
    After(Duration),
}

/// A new connection.
#[derive(Debug, Clone, Copy)]
pub struct NewConnection {
    /// Connections before this one that the toxic was asked about. Below a toxicity of 1 these are the connections that
    /// it affects, not all that came.
    pub before: u64,
    /// Connections that are open, this one included.
    pub open: u64,
}

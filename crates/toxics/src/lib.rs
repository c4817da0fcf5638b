//! Toxics: faults of a connection, in Toxiproxy's sense, as pure functions of bytes and time. No sockets, no clock, no
//! async runtime: [`chain::ToxicChain`] is given what arrived and the time, and returns what leaves.
//!
//! | kinds | effect |
//! | --- | --- |
//! | `latency`, `bandwidth`, `slow_close`, `timeout`, `reset_peer`, `slicer`, `limit_data`, `noop` | on the bytes of a connection, as in Toxiproxy |
//! | `corrupt`, `half_open`, `close_after` | on the bytes of a connection |
//! | `refuse`, `fail_first`, `slow_handshake`, `max_connections` | on the arrival of a connection |
//!
//! | module | content |
//! | --- | --- |
//! | [`catalogue`] | all kinds, by name |
//! | [`spec`], [`attribute`] | a kind of toxic, and its attributes |
//! | [`settings`], [`values`] | a kind with values for its attributes |
//! | [`toxic`] | one toxic of a proxy |
//! | [`stage`], [`admission`] | the two moments at which a toxic takes effect |
//! | [`chain`] | the toxics of one direction, one behind the other |

pub mod admission;
pub mod attribute;
mod bandwidth;
pub mod catalogue;
pub mod chain;
mod close_after;
mod corrupt;
mod fail_first;
mod half_open;
mod latency;
mod limit_data;
mod max_connections;
mod noop;
mod queue;
mod refuse;
mod reset_peer;
pub mod settings;
mod slicer;
mod slow_close;
mod slow_handshake;
mod span;
pub mod spec;
pub mod stage;
mod timeout;
pub mod toxic;
pub mod values;

pub use attribute::Attribute;
pub use catalogue::{KINDS, kind};
pub use half_open::SPEC as HALF_OPEN;
pub use latency::SPEC as LATENCY;
pub use noop::SPEC as NOOP;
pub use settings::ToxicSettings;
pub use spec::{Action, ToxicKind};
pub use toxic::{Direction, Effects, NewToxic, Toxic};
pub use values::{BadValue, Values};

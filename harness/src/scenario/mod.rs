//! What to do: a TOML file becomes a [`Scenario`], and with a seed a [`Schedule`]. Pure: no I/O, no clock.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`format`] | the file: its keys and their types |
//! | [`duration`] | `250ms`, `5s`, `2min` |
//! | [`rate`] | `200/s`, `90/min` |
//! | [`share`] | `99%` |
//! | [`parse`] | text to scenario, with the place of each mistake |
//! | [`validate`] | what the types can't say: overlaps, missing keys, names of the topology |
//! | [`mistake`] | a mistake and its place in the file |
//! | [`schedule`] | the exact actions of one run |

pub mod duration;
pub mod format;
pub mod mistake;
pub mod parse;
pub mod rate;
pub mod schedule;
pub mod share;
pub mod validate;

pub use format::{Expectations, FaultKind, FaultSpec, LoadPhase, Operations, Scenario};
pub use mistake::{Mistake, Mistakes};
pub use parse::parse;
pub use schedule::{Arrival, Schedule};

//! Plan of a run: a TOML file becomes a [`Scenario`], and with a seed a [`Schedule`]. Pure: no I/O, no clock.
//!
//! | module | content |
//! | --- | --- |
//! | [`format`] | the file: its keys and their types |
//! | [`fault`] | faults and their kinds |
//! | [`duration`] | `250ms`, `5s`, `2min` |
//! | [`rate`] | constant rates: `200/s`, `90/min` |
//! | [`arrival_rate`] | arrival rates of a stage: `20/s..200/s in 5 steps`, `poisson 200/s` |
//! | [`sizes`] | lengths of payloads: `256`, `64..1024`, `64:50, 1024:50` |
//! | [`share`] | `99%` |
//! | [`manual`] | manual faults and loads, with the same keys |
//! | [`parse`] | text to scenario, with the place of each mistake |
//! | [`validate`] | checks beyond the types: overlaps, missing keys, names of the topology |
//! | [`retired`] | former names of keys |
//! | [`mistake`] | a mistake and its place in the file |
//! | [`mod@schema`] | the format as a JSON schema |
//! | [`schedule`] | the exact actions of one run |
//! | [`stream`] | arrivals on one path, and when each is due |
//! | [`replay`] | arrivals that are listed in a file |
//! | [`scatter()`] | a random number for each of a row |

pub mod arrival_rate;
pub mod duration;
pub mod fault;
pub mod format;
pub mod manual;
pub mod mistake;
pub mod parse;
pub mod rate;
pub mod replay;
pub mod retired;
mod scatter;
pub mod schedule;
pub mod schema;
pub mod share;
pub mod sizes;
pub mod stream;
pub mod validate;

pub use arrival_rate::ArrivalRate;
pub use fault::{FaultKind, FaultSpec, PlannedFault};
pub use format::{Entries, Expectations, LoadPhase, OperationSettings, Scenario, SystemUse};
pub use mistake::{Mistake, Mistakes};
pub use parse::parse;
pub use scatter::scatter;
pub use schedule::{Arrival, Schedule};
pub use sizes::Sizes;
pub use stream::{ArrivalStream, Arrivals};

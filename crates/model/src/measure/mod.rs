//! Measurements of a load: counts and latencies by path, stage and second. Pure.
//!
//! | module | content |
//! | --- | --- |
//! | [`latency`] | latencies as a histogram |
//! | [`tally`] | counts and latencies of the operations of one path |
//! | [`meter`] | sorts operations by path, stage and second |
//! | [`threshold`] | `p99 > 500ms`, `errors > 1%` |
//! | [`figures`] | a tally as numbers to print |
//! | [`capacity`] | the result of a search |
//! | [`search`] | looks for the highest rate at which an SLO holds |
//! | [`self_check`] | the self-check of the generator |
//! | [`mod@compare`] | two loads side by side, with intervals |
//! | [`second`] | one second of a load |
//! | [`stage`] | the result of one stage |
//! | [`outcome`] | the result of a whole load |

pub mod capacity;
pub mod compare;
pub mod figures;
pub mod latency;
pub mod meter;
pub mod outcome;
pub mod search;
pub mod second;
pub mod self_check;
pub mod stage;
pub mod tally;
pub mod threshold;

pub use figures::{LatencyQuantiles, Lateness, LoadFigures};
pub use latency::Latency;
pub use meter::Meter;
pub use outcome::LoadResult;
pub use second::Second;
pub use stage::PhaseResult;
pub use tally::Tally;
pub use threshold::{Measure, Threshold};

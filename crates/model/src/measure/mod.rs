//! What was measured of a load: counts and latencies by path, phase and second. Pure.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`latency`] | latencies as a histogram |
//! | [`tally`] | what became of the operations of one path |
//! | [`meter`] | sorts operations by path, phase and second |
//! | [`threshold`] | `p99 > 500ms`, `errors > 1%` |
//! | [`figures`] | a tally as numbers to print |
//! | [`capacity`] | the result of such a search |
//! | [`search`] | looks for the highest rate at which an objective holds |
//! | [`self_check`] | how the generator did alone |
//! | [`mod@compare`] | two loads side by side, with intervals |
//! | [`history`] | the operations of a history as seconds of a load |
//! | [`outcome`] | the result of a whole load |

pub mod capacity;
pub mod compare;
pub mod figures;
pub mod history;
pub mod latency;
pub mod meter;
pub mod outcome;
pub mod search;
pub mod self_check;
pub mod tally;
pub mod threshold;

pub use figures::{Figures, Lateness, Quantiles};
pub use latency::Latency;
pub use meter::{Meter, Second};
pub use outcome::{LoadResult, PhaseResult};
pub use tally::Tally;
pub use threshold::{Measure, Threshold};

//! The pure half of Faultline: what a run is meant to do, what happened in it, and what that means. No I/O, no clock, no
//! async runtime.
//!
//! | module | content |
//! | --- | --- |
//! | [`scenario`] | a TOML file, parsed and checked, and the schedule that follows from it and a seed |
//! | [`history`] | the events of a run, line by line |
//! | [`timeline`] | a run as it is known so far, folded from its events |
//! | [`checker`] | the verdict on a history |
//! | [`measure`] | latencies, rates and thresholds of a load |

pub mod checker;
pub mod elapsed;
pub mod history;
pub mod measure;
pub mod scenario;
pub mod timeline;

//! Faultline's harness: starts a system, breaks it, loads it and judges it.
//!
//! Data flows one way: scenario -> schedule -> (stack, fault, load) -> history -> checker -> report.
//!
//! | module | what it does | I/O |
//! | --- | --- | --- |
//! | [`scenario`] | what to do: TOML -> Scenario -> Schedule | none |
//! | [`stack`] | topology, providers, launchers of known servers | yes |
//! | [`proxy`] | the TCP proxy of a link and its toxics; knows nothing of the lab | yes |
//! | [`fault`] | does a fault and undoes it; the journal of undos | yes |
//! | [`load`] | sends operations at their due times; knows no faults | yes |
//! | [`history`] | what happened, line by line | none |
//! | [`checker`] | from history to verdict | none |
//! | [`report`] | verdict and figures, for people and machines | none |
//! | [`picture`] | pictures of the system and of time, for report and lab | none |
//! | [`runner`] | conducts one run, emits typed events | yes |
//! | [`live`] | a run, or a system that is up, on a page; faults and loads by hand | yes |
//! | [`cli`] | one file a verb | yes |

pub mod cli;
pub mod fault;
pub mod lab;
pub mod live;
pub mod load;
pub mod picture;
pub mod report;
pub mod runner;

pub use faultline_model::{checker, history, measure, scenario, timeline};
pub use {faultline_proxy as proxy, faultline_stack as stack};

//! Faultline's lab: starts a system, injects faults, sends load and judges the outcome.
//!
//! Data flows one way: scenario -> schedule -> (stack, fault, load) -> history -> checker -> report.
//!
//! | module | what it does | I/O |
//! | --- | --- | --- |
//! | [`scenario`] | TOML -> Scenario -> Schedule | none |
//! | [`stack`] | topology, providers, launchers of known servers | yes |
//! | [`proxy`] | the TCP proxy of a link and its toxics; knows nothing of the lab | yes |
//! | [`fault`] | injects and heals a fault; the journal | yes |
//! | [`load`] | sends operations at their due times; knows no faults | yes |
//! | [`history`] | the events of a run, line by line | none |
//! | [`timeline`] | the history folded into faults, operations and figures | none |
//! | [`measure`] | figures of a load without a history | none |
//! | [`checker`] | from history to verdict | none |
//! | [`report`] | verdict and figures, for people and machines | none |
//! | [`picture`] | pictures of the system and of time, for report and lab | none |
//! | [`runner`] | conducts one run, emits typed events | yes |
//! | [`lab`] | the face for tests of other projects | yes |
//! | [`live`] | a run, or a system that is up, on a page; manual faults and loads | yes |
//! | [`cli`] | the command line, one file for each verb | yes |

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

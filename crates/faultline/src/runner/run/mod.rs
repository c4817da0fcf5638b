//! A scenario's run: load and faults on one stack, from start to verdict.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`handle`] | the handle of a run that goes on |
//! | `controls` | ways to change a run that goes on |
//! | `conduct` | the life of a run, from start to verdict |
//! | [`options`] | what to run and how |
//! | `context` | options, folder and stack that all of a run shares |
//! | `work` | load and faults while the stack is there |
//! | `sending` | the load of a run |
//! | `operation_events` | operations as events of the history |
//! | `recovery` | recovery of the paths, by their latest operations |
//! | `plan` | the schedule with its manual changes and active faults; pure |
//! | `inject` | faults at their times, and manual ones |
//! | `readiness` | the wait until every node is ready after a fault |
//! | [`manual_faults`] | the handle for manual faults |
//! | `drain` | waits until every acknowledged entry is stored |
//! | `end` | the last lines of a history |

mod conduct;
mod context;
mod controls;
mod drain;
mod end;
pub mod handle;
mod inject;
pub mod manual_faults;
#[cfg(test)]
pub(crate) mod one_kill;
mod operation_events;
pub mod options;
mod plan;
mod readiness;
mod recovery;
mod sending;
mod work;

pub use work::system_info;

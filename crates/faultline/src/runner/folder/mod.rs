//! The folder of a run.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`layout`] | the folder, and the names of its files |
//! | [`owner`] | the owner of a folder, and checks that it is one |
//! | [`verdict`] | the history judged, and its report in every form |
//! | `logs` | log lines of the nodes, for the report |

pub mod layout;
mod logs;
pub mod owner;
pub mod verdict;

pub use layout::{FolderError, KEPT, LOGS, RunFolder, SCENARIO, all, found, name_of};

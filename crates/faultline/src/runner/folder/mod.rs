//! The folder of a run.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`layout`] | the folder, and the names of its files |
//! | [`owner`] | the owner of a folder, and checks that it is one |
//! | `logs` | log lines of the nodes, for the report |

pub mod layout;
pub(super) mod logs;
pub mod owner;

pub use layout::{FolderError, KEPT, LOGS, RunFolder, SCENARIO, all, found, name_of};

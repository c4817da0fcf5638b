//! Conducts one run and emits typed events; only this module knows both load and faults.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`options`] | what to run and how |
//! | [`folder`] | the folder of a run, and whose it is |
//! | [`progress`] | the events, and who listens |
//! | [`recorder`] | writes the history; knows what was acknowledged |
//! | [`conduct`] | the run itself, from start to verdict |
//! | [`inject`] | faults at their times |
//! | [`monitor`] | watches nodes |
//! | [`drain`] | waits until what was acknowledged is stored |
//! | [`observe`] | reads stores and queues |
//! | [`machine`] | versions and facts of the environment |

pub mod conduct;
pub mod drain;
pub mod folder;
pub mod inject;
pub mod machine;
pub mod monitor;
pub mod observe;
pub mod options;
pub mod progress;
pub mod recorder;

pub use conduct::{RunError, run};
pub use folder::RunFolder;
pub use options::Options;
pub use progress::{Listener, Progress, Stage};

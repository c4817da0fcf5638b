//! Conducts one run and emits typed events; only this module knows both load and faults.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`options`] | what to run and how |
//! | [`folder`] | the folder of a run, and whose it is |
//! | [`progress`] | the events, and who listens |
//! | [`recorder`] | writes the history; knows what was acknowledged |
//! | [`conduct`] | the run itself, from start to verdict |
//! | [`judged`] | the history judged, and its report in every form |
//! | `logs` | lines of the nodes' logs for that |
//! | `events` | what becomes of operations, as events of the history |
//! | [`inject`] | faults at their times |
//! | [`monitor`] | watches nodes |
//! | [`drain`] | waits until what was acknowledged is stored |
//! | [`observe`] | reads stores and queues |
//! | [`system`] | a system that is ready to be loaded |
//! | [`mod@capacity`] | the highest rate that a path holds, trial after trial |
//! | [`trial`] | one load on a system that runs, measured |
//! | [`loading`] | a load without faults, from start to result |
//! | [`self_check`] | how much the generator holds on this machine |
//! | `hello` | a server that answers at once, for that |
//! | [`machine`] | versions and facts of the environment |

pub mod capacity;
pub mod conduct;
pub mod drain;
mod events;
pub mod folder;
mod hello;
pub mod inject;
pub mod judged;
pub mod loading;
mod logs;
pub mod machine;
pub mod monitor;
pub mod observe;
pub mod options;
pub mod progress;
pub mod recorder;
pub mod self_check;
pub mod system;
pub mod trial;

pub use capacity::{CapacityOptions, capacity};
pub use conduct::{RunError, run};
pub use folder::RunFolder;
pub use judged::operations_of;
pub use loading::{LoadOptions, Loaded, load};
pub use options::Options;
pub use progress::{Listener, Progress, Stage};
pub use system::{Aim, Started};

//! Conducts one run and emits typed events; only this module knows both load and faults.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`options`] | what to run and how |
//! | [`folder`] | the folder of a run |
//! | [`owner`] | whose a folder is, and whether that can be believed |
//! | [`progress`] | the events, and who listens |
//! | [`recorder`] | writes the history and folds it into the timeline |
//! | [`live_timeline`] | the timeline of a run that goes on |
//! | [`conduct`] | the life of a run, from start to verdict |
//! | `run` | what all of it is given |
//! | `work` | what it does while its stack is there |
//! | `end` | the last lines of a history |
//! | [`error`] | why there is no verdict |
//! | [`judged`] | the history judged, and its report in every form |
//! | `logs` | lines of the nodes' logs for that |
//! | `sending` | the load of a run |
//! | `events` | what becomes of operations, as events of the history |
//! | `working` | which paths work, as far as those tell |
//! | [`inject`] | faults at their times, and by hand |
//! | [`hands`] | who does those by hand |
//! | [`monitor`] | watches nodes |
//! | [`drain`] | waits until what was acknowledged is stored |
//! | [`observe`] | reads stores and queues |
//! | [`sampler`], [`stored`] | nodes, links and stores once a second, for those who watch |
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
mod end;
pub mod error;
mod events;
pub mod folder;
pub mod hands;
mod hello;
pub mod inject;
pub mod judged;
pub mod live_timeline;
pub mod loading;
mod logs;
pub mod machine;
pub mod monitor;
pub mod observe;
pub mod options;
pub mod owner;
pub mod progress;
pub mod recorder;
mod run;
pub mod sampler;
pub mod self_check;
mod sending;
pub mod stored;
pub mod system;
pub mod trial;
mod work;
mod working;

pub use capacity::{CapacityOptions, capacity};
pub use conduct::{run, run_on};
pub use error::RunError;
pub use folder::RunFolder;
pub use hands::{ByHandError, Hands};
pub use judged::operations_of;
pub use live_timeline::LiveTimeline;
pub use loading::{LoadOptions, Loaded, load};
pub use options::Options;
pub use progress::{Both, Listener, Progress, Stage};
pub use stored::StoredNow;
pub use system::{Aim, Started};
pub use work::system_info;

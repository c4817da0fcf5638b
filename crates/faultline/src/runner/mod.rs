//! Conducts one run and emits typed events; only this module knows both load and faults.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`progress`] | the events of a run, and its listeners |
//! | [`sample`] | observations of nodes, links and stores at one moment |
//! | [`recorder`] | writes the history and folds it into the timeline |
//! | [`live_timeline`] | the timeline of a run that goes on |
//! | [`error`] | reasons for a run without a verdict |
//! | [`mod@run`] | a scenario: load and faults, from start to verdict |
//! | [`load_only`] | a load without faults, and the search for a capacity |
//! | [`observe`] | nodes, links, stores and queues while they run |
//! | [`folder`] | the folder of a run and its owner |
//! | [`verdict`] | the verdict of a run, from its folder |
//! | [`targets`] | addresses and requests of the paths on a stack |
//! | [`machine`] | versions and facts of the environment |

pub mod error;
pub mod folder;
pub mod live_timeline;
pub mod load_only;
pub mod machine;
pub mod observe;
pub mod progress;
pub mod recorder;
pub mod run;
pub mod sample;
pub mod targets;
pub mod verdict;

pub use error::RunError;
pub use folder::RunFolder;
pub use live_timeline::LiveTimeline;
pub use load_only::capacity::{CapacityOptions, SearchRates, capacity};
pub use load_only::load::{LoadOptions, LoadOutput, load};
pub use load_only::system::{LoadTarget, StartOptions};
pub use progress::{Listener, ListenerPair, Progress, Stage};
pub use run::handle::Run;
pub use run::manual_faults::{ManualFaultError, ManualFaults};
pub use run::options::{LoadEnd, RunOptions};
pub use run::system_info;
pub use sample::StoreReading;
pub use verdict::operations_of;

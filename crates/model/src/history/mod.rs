//! What happened: operations, faults with their evidence, observations, in one append-only history.jsonl.
//! Pure but for [`writer`] and [`reader`], which know how lines are written and read, not where.
//!
//! | module | content |
//! | --- | --- |
//! | [`event`] | the lines of a history |
//! | [`run_info`] | the first line: identity and settings of the run, and the version of the format |
//! | [`operation`] | the begin and the end of an operation |
//! | [`fault_stage`] | the steps of a fault, with the evidence of each |
//! | [`observation`] | observations of nodes and stores |
//! | [`stop`] | the end of a node that was asked to stop |
//! | [`writer`] | events to lines |
//! | [`reader`] | lines to events, with the place of a broken one |

pub mod event;
pub mod fault_stage;
pub mod observation;
pub mod operation;
pub mod reader;
pub mod run_info;
pub mod stop;
pub mod writer;

pub use event::Event;
pub use fault_stage::{Evidence, FaultStage};
pub use observation::{Entry, NodeChange, Observation};
pub use operation::{Completion, Invoke, Outcome};
pub use reader::{History, HistoryError, read};
pub use run_info::{Declarations, RunInfo, VERSION};
pub use stop::{ExitStatus, Stop};
pub use writer::Writer;

//! What happened: operations, faults with their evidence, observations, in one append-only history.jsonl.
//! Pure but for [`writer`] and [`reader`], which know how lines are written and read, not where.
//!
//! | module | content |
//! | --- | --- |
//! | [`event`] | the lines of a history |
//! | [`stop`] | the end of a node that was asked to stop |
//! | [`writer`] | events to lines |
//! | [`reader`] | lines to events, with the place of a broken one |

pub mod event;
pub mod reader;
pub mod stop;
pub mod writer;

pub use event::{
    Completion, Declarations, Entry, Event, Evidence, FaultStage, Invoke, NodeChange, Observation, Outcome,
    RunInfo, VERSION,
};
pub use reader::{History, HistoryError, read};
pub use stop::{ExitStatus, Stop};
pub use writer::Writer;

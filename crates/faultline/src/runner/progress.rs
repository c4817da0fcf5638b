//! Progress of a run, and its listeners.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::live_timeline::LiveTimeline;
use super::sample::{Sample, StoreReading};
use crate::history::Event;
use crate::measure::{Second, Tally};
use crate::scenario::Schedule;
use crate::stack::Starting;

/// Figures of a load while it runs, once a second.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// Time since the start of the load.
    pub at: Duration,
    /// Figures so far of the operations that were due in the last whole second, by path.
    pub last: BTreeMap<String, Tally>,
    /// Seconds whose operations have all ended.
    pub seconds: Vec<Second>,
}

/// One step of a run.
#[derive(Debug, Clone)]
pub enum Progress {
    /// The run begins.
    Begins {
        /// Folder of the run.
        folder: PathBuf,
        /// Provider, and the reason for the choice.
        provider: String,
        /// Number of nodes of the stack.
        nodes: usize,
        /// Schedule of the run.
        schedule: Box<Schedule>,
        /// Timeline, which grows with the run.
        timeline: LiveTimeline,
    },
    /// A node started or is ready.
    Starting(Starting),
    /// The stack is ready, this long after the command.
    StackReady(Duration),
    /// The run reached a stage.
    Stage(Stage),
    /// A line of the history.
    History(Event),
    /// Figures of a load without a history, once a second.
    Tick(Tick),
    /// Nodes and links, once a second, for the live lab.
    // Boxed, since it is far larger than the events of operations, which are many.
    Sample(Box<Sample>),
    /// Entries in the stores, for the live lab.
    Stored(StoreReading),
}

/// Stage of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Operations are sent.
    Load,
    /// The load is extended, since a path has not recovered yet.
    GoOn,
    /// A person has ended the load: active faults are healed, and their paths checked for recovery.
    Settle,
    /// The load is over; waiting until every acknowledged entry is stored.
    Drain,
    /// The stores are read.
    Observe,
    /// The stack is stopped.
    Shutdown,
    /// The history is judged.
    Judge,
}

impl Stage {
    /// Describes the stage for people.
    #[must_use]
    pub fn describe(self) -> &'static str {
        match self {
            Self::Load => "load begins",
            Self::GoOn => "a path has not recovered yet: load extended",
            Self::Settle => "healing active faults and checking recovery",
            Self::Drain => "draining: waiting until every acknowledged entry is stored",
            Self::Observe => "reading the stores",
            Self::Shutdown => "stopping the system",
            Self::Judge => "judging",
        }
    }
}

/// Receiver of progress. Called from one thread, in order.
pub trait Listener: Send {
    /// Receives one step.
    fn on(&mut self, progress: &Progress);

    /// Ends: no more progress will come.
    fn end(&mut self) {}
}

/// Two listeners that receive the same, one after the other.
pub struct ListenerPair(pub Box<dyn Listener>, pub Box<dyn Listener>);

impl Listener for ListenerPair {
    fn on(&mut self, progress: &Progress) {
        self.0.on(progress);
        self.1.on(progress);
    }

    fn end(&mut self) {
        self.0.end();
        self.1.end();
    }
}

/// A listener that ignores everything.
#[derive(Debug, Default, Clone, Copy)]
pub struct NullListener;

impl Listener for NullListener {
    fn on(&mut self, _: &Progress) {}
}

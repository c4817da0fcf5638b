//! What a run tells while it goes on, and who listens.

use std::path::PathBuf;
use std::time::Duration;

use super::hands::Hands;
use super::live_timeline::LiveTimeline;
use super::sampler::Sample;
use super::stored::StoredNow;
use super::trial::Tick;
use crate::history::Event;
use crate::scenario::Schedule;
use crate::stack::Starting;

/// One thing that a run tells.
#[derive(Debug, Clone)]
pub enum Progress {
    /// It begins.
    Begins {
        /// Its folder.
        folder: PathBuf,
        /// The provider, and why it was chosen.
        provider: String,
        /// How many nodes the stack has.
        nodes: usize,
        /// The exact actions.
        schedule: Box<Schedule>,
        /// The timeline, which goes on with the run.
        timeline: LiveTimeline,
    },
    /// A node started or is ready.
    Starting(Starting),
    /// The stack is ready, this long after the command.
    StackReady(Duration),
    /// It goes on to a stage.
    Stage(Stage),
    /// A line of the history.
    History(Event),
    /// What was measured of a load without a history, once a second.
    Tick(Tick),
    /// Nodes and links as they are, where somebody watches.
    Sample(Box<Sample>),
    /// How much of what was acknowledged is stored, where somebody watches.
    Stored(StoredNow),
    /// Who does faults by hand from now on.
    Hands(Hands),
}

/// What a run is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Operations are sent.
    Load,
    /// The load was to be over, but not every path works again: it goes on.
    GoOn,
    /// A person has ended the load: what acts is healed, and seen to work again.
    Settle,
    /// The load is over; waiting until what was acknowledged is stored.
    Drain,
    /// Reading the stores.
    Observe,
    /// Ending the stack.
    Shutdown,
    /// Judging the history.
    Judge,
}

impl Stage {
    /// Describes the stage, for those who watch.
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

/// Somebody who is told of progress. Called from one thread, in order.
pub trait Listener: Send {
    /// Takes one.
    fn on(&mut self, progress: &Progress);

    /// No more will come.
    fn end(&mut self) {}
}

/// Two that are told the same, one after the other.
pub struct Both(pub Box<dyn Listener>, pub Box<dyn Listener>);

impl Listener for Both {
    fn on(&mut self, progress: &Progress) {
        self.0.on(progress);
        self.1.on(progress);
    }

    fn end(&mut self) {
        self.0.end();
        self.1.end();
    }
}

/// Listens to nothing.
#[derive(Debug, Default, Clone, Copy)]
pub struct Silent;

impl Listener for Silent {
    fn on(&mut self, _: &Progress) {}
}

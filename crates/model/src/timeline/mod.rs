//! A run as it is known so far: a fold over its events, one by one. The recorder builds it while the run goes on, the
//! checker and the reports build it from the file; it is the same either way.
//!
//! | module | content |
//! | --- | --- |
//! | [`operation`] | operations, put together from the events that begin and end them |
//! | [`counts`] | counts of operations by outcome |
//! | [`seconds`] | counts and latencies by second and path |
//! | [`load_seconds`] | seconds of a load, for comparisons |
//! | [`faults`] | windows of faults, from injection to recovery |
//! | [`stores`] | acknowledged entries, entries read back, and the drain between them |

pub mod counts;
pub mod faults;
pub mod load_seconds;
pub mod operation;
pub mod seconds;
pub mod stores;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::history::{Event, History, NodeChange, RunInfo, Stop};

pub use counts::Counts;
pub use faults::{FaultWindow, FaultWindows};
pub use load_seconds::load_seconds;
pub use operation::{Operation, Operations};
pub use seconds::{PathSecond, SecondCounts, Seconds};
pub use stores::{Drain, Stores};

/// The part of a run that a timeline keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// Every operation and every second, for a verdict.
    Whole,
    /// Operations in flight and the latest seconds, so that memory stays bounded however long a run goes on.
    Recent,
}

/// A change of a node. Times are microseconds after the start of the load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeEvent {
    /// Moment of the change.
    pub at: i64,
    /// Name of the node.
    pub node: String,
    /// State that the node entered.
    pub change: NodeChange,
}

/// A run as it is known so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// The run, with the schedule as it was last amended.
    pub run: RunInfo,
    /// Counts of all operations by outcome.
    pub counts: Counts,
    /// Counts and latencies by second and path.
    pub seconds: Seconds,
    /// Windows of the faults that began.
    pub faults: FaultWindows,
    /// Changes of nodes, in order.
    pub nodes: Vec<NodeEvent>,
    /// Ends of nodes that were asked to stop.
    pub stops: Vec<Stop>,
    /// State of each node at the end; none if it was not checked.
    pub readiness: Option<BTreeMap<String, NodeChange>>,
    /// Acknowledged entries and entries read back.
    pub stores: Stores,
    /// End of the load, in microseconds after its start.
    pub load_ended: Option<i64>,
    /// End of the run, in microseconds after the start of the load, and whether it was interrupted.
    pub end: Option<(i64, bool)>,
    operations: Operations,
}

impl Timeline {
    /// Makes the timeline of a run in which nothing has happened yet.
    #[must_use]
    pub fn new(run: RunInfo, retention: Retention) -> Self {
        let mut timeline = Self {
            counts: Counts::default(),
            seconds: Seconds::new(retention),
            faults: FaultWindows::default(),
            nodes: Vec::new(),
            stops: Vec::new(),
            readiness: None,
            stores: Stores::new(run.stored_in.clone()),
            load_ended: None,
            end: None,
            operations: Operations::new(retention),
            run,
        };
        timeline.faults.plan(&timeline.run.schedule, &timeline.run.affected);
        timeline
    }

    /// Builds the whole timeline of a recorded history.
    #[must_use]
    pub fn of(history: &History) -> Self {
        let mut timeline = Self::new(history.run.clone(), Retention::Whole);
        for event in &history.events {
            timeline.push(event);
        }
        timeline
    }

    /// Adds the next event.
    pub fn push(&mut self, event: &Event) {
        match event {
            // Known since `new`: the first line is one of the events of a history.
            Event::Run(_) => {}
            Event::Amend { schedule, affected } => {
                self.run.schedule = (**schedule).clone();
                self.run.affected.clone_from(affected);
                self.faults.plan(schedule, affected);
            }
            Event::Invoke(invoke) => {
                self.counts.offered += 1;
                // By the due time, as latency: a late sending must not move an operation to another second.
                self.seconds.change(&invoke.path, invoke.due, |second| second.counts.offered += 1);
                self.operations.begin(invoke);
            }
            Event::Settle(settled) => {
                // An end after the load, or a second one, counts nowhere, or the counts would not add up.
                let Some(started) = self.operations.end(settled) else { return };
                self.counts.settle(settled.outcome);
                self.seconds.settle(&started.path, started.due, settled);
                self.stores.settle(&started.path, settled);
            }
            Event::Drop { id, path, due } => {
                self.counts.count_dropped();
                self.seconds.change(path, *due, |second| second.counts.count_dropped());
                self.operations.drop(id, path, *due);
            }
            Event::Fault { index, stage, at, evidence } => self.faults.push(*index, *stage, *at, evidence),
            Event::Node { node, at, change } => {
                self.nodes.push(NodeEvent { at: *at, node: node.clone(), change: change.clone() });
            }
            Event::Stop(stop) => self.stops.push(stop.clone()),
            Event::Readiness { nodes, .. } => self.readiness = Some(nodes.clone()),
            Event::LoadEnded { at } => {
                self.load_ended = Some(*at);
                self.operations.give_up();
            }
            Event::Drain { at, queues, missing, done } => self.stores.drain(*at, queues, *missing, *done),
            Event::Observe(observation) => self.stores.observe(observation),
            Event::Unobserved { store, reason } => self.stores.miss(store, reason),
            Event::End { at, interrupted } => self.end = Some((*at, *interrupted)),
        }
    }

    /// Lists the operations in the order of sending; only those of a [`Retention::Whole`] timeline are kept.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        self.operations.all()
    }

    /// Lists the operations of a path, in the order of sending.
    pub fn of_path<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a Operation> {
        self.operations().iter().filter(move |operation| operation.path == path)
    }

    /// Lists every path that the schedule loads.
    #[must_use]
    pub fn paths(&self) -> BTreeSet<&str> {
        self.run.schedule.streams.iter().map(|stream| stream.path.as_str()).collect()
    }

    /// Returns true if the run did not reach its end: what was not seen by then might have come.
    #[must_use]
    pub fn is_cut_short(&self) -> bool {
        self.end.is_none_or(|(_, interrupted)| interrupted)
    }

    /// Returns true if an operation was in flight during a fault.
    #[must_use]
    pub fn is_under_fault(&self, operation: &Operation) -> bool {
        self.faults.windows().iter().any(|window| window.touches(operation))
    }
}

//! The history, put in order once for all checks: operations, windows of faults, entries of stores.

use std::collections::{BTreeMap, BTreeSet};

use super::verdict::Verdict;
use crate::history::{
    Entry, Event, Evidence, FaultStage, History, NodeChange, Operation, RunInfo, operations,
};
use crate::scenario::Entries;

/// The window of one fault: from its beginning until the whole system said again that it was ready.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// Its number in the schedule.
    pub index: usize,
    /// When it began to act, in microseconds after the start of the load.
    pub begin: i64,
    /// When it had acted.
    pub active: Option<i64>,
    /// When it began to be undone.
    pub undo: Option<i64>,
    /// When it was undone.
    pub undone: Option<i64>,
    /// When the whole system said again that it was ready.
    pub ready: Option<i64>,
    /// What was seen of it, by stage.
    pub evidence: Vec<(FaultStage, Evidence)>,
    /// Whether it could not be done, or not be undone.
    pub broken: bool,
    /// The paths whose answers depend on what was faulty.
    pub affected: BTreeSet<String>,
}

impl Window {
    /// When it was over; the end of time if it never was.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.ready.unwrap_or(i64::MAX)
    }

    /// Whether an operation was under way at any moment of it.
    #[must_use]
    pub fn touches(&self, operation: &Operation) -> bool {
        operation.due <= self.end() && operation.last_seen() >= self.begin
    }
}

/// How far the system was with what it had acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drain {
    /// When.
    pub at: i64,
    /// Acknowledged entries that were not stored; none if a store could not be read.
    pub missing: Option<u64>,
    /// Messages that waited in queues.
    pub waiting: u64,
    /// A queue that could not be read.
    pub unread: Option<String>,
    /// Whether it was over.
    pub done: bool,
}

/// A history in order.
#[derive(Debug)]
pub struct View<'a> {
    /// What run it is of.
    pub run: &'a RunInfo,
    /// Every operation, in the order of sending.
    pub operations: Vec<Operation>,
    /// Faults that began, in the order of the schedule.
    pub windows: Vec<Window>,
    /// Entries by store; a store that was not observed is absent.
    pub stores: BTreeMap<&'a str, Vec<&'a Entry>>,
    /// Stores that could not be read, and why.
    pub unobserved: BTreeMap<&'a str, &'a str>,
    /// What became of nodes.
    pub nodes: Vec<(i64, &'a str, &'a NodeChange)>,
    /// When the load was over.
    pub load_ended: Option<i64>,
    /// The last line on draining.
    pub drain: Option<Drain>,
    /// The last line: when, whether interrupted.
    pub end: Option<(i64, bool)>,
}

impl<'a> View<'a> {
    /// Puts a history in order.
    #[must_use]
    pub fn of(history: &'a History) -> Self {
        let mut view = Self {
            run: &history.run,
            operations: operations(&history.events),
            windows: Vec::new(),
            stores: BTreeMap::new(),
            unobserved: BTreeMap::new(),
            nodes: Vec::new(),
            load_ended: None,
            drain: None,
            end: None,
        };
        for event in &history.events {
            view.take(event);
        }
        view
    }

    fn take(&mut self, event: &'a Event) {
        match event {
            Event::Fault { index, stage, at, evidence } => self.fault(*index, *stage, *at, evidence),
            Event::Node { node, at, change } => self.nodes.push((*at, node, change)),
            Event::LoadEnded { at } => self.load_ended = Some(*at),
            Event::Drain { at, queues, missing, done } => {
                let unread = queues.iter().find(|(_, depth)| depth.is_none()).map(|(name, _)| name.clone());
                let waiting = queues.values().flatten().sum();
                self.drain = Some(Drain { at: *at, missing: *missing, waiting, unread, done: *done });
            }
            Event::Observe(observation) => {
                self.stores.entry(&observation.store).or_default().extend(&observation.entries);
            }
            Event::Unobserved { store, reason } => {
                self.unobserved.insert(store, reason);
            }
            Event::End { at, interrupted } => self.end = Some((*at, *interrupted)),
            Event::Run(_)
            | Event::Amend { .. }
            | Event::Invoke(_)
            | Event::Settle(_)
            | Event::Drop { .. } => {}
        }
    }

    fn fault(&mut self, index: usize, stage: FaultStage, at: i64, evidence: &[Evidence]) {
        if !self.windows.iter().any(|window| window.index == index) {
            let affected = self.run.affected.get(index).cloned().unwrap_or_default();
            self.windows.push(Window {
                index,
                begin: at,
                active: None,
                undo: None,
                undone: None,
                ready: None,
                evidence: Vec::new(),
                broken: false,
                affected: affected.into_iter().collect(),
            });
        }
        let Some(window) = self.windows.iter_mut().find(|window| window.index == index) else { return };
        match stage {
            FaultStage::Begin => window.begin = at,
            FaultStage::Active => window.active = Some(at),
            FaultStage::Undo => window.undo = Some(at),
            FaultStage::Undone => window.undone = Some(at),
            FaultStage::Ready => window.ready = Some(at),
            FaultStage::Broken => window.broken = true,
        }
        window.evidence.extend(evidence.iter().map(|seen| (stage, seen.clone())));
    }

    /// Whether the run did not come to its end: what was not seen then might have come.
    #[must_use]
    pub fn is_cut_short(&self) -> bool {
        self.end.is_none_or(|(_, interrupted)| interrupted)
    }

    /// The verdict on what should have been seen in time: what does not hold is unknown where the run was cut
    /// short, since it might have been seen had anybody looked.
    #[must_use]
    pub fn verdict_of(&self, holds: bool) -> Verdict {
        if !holds && self.is_cut_short() { Verdict::Unknown } else { Verdict::of(holds) }
    }

    /// Every path that the schedule loads.
    #[must_use]
    pub fn paths(&self) -> BTreeSet<&str> {
        self.run.schedule.streams.iter().map(|stream| stream.path.as_str()).collect()
    }

    /// Every loaded path that names a store.
    #[must_use]
    pub fn storing(&self) -> BTreeSet<&str> {
        let stored_in = &self.run.stored_in;
        self.paths().into_iter().filter(|path| stored_in.contains_key(*path)).collect()
    }

    /// Every loaded path of which nobody knows what it writes: it names no store, and does not say that it writes nothing.
    #[must_use]
    pub fn not_checked(&self) -> BTreeSet<&str> {
        let writes_nothing = |path: &str| match &self.run.declared {
            Some(declared) => declared.writes_nothing.contains(path),
            // An earlier lab took a path without a store for one that writes nothing; where no path has one, nobody looked.
            None => !self.run.stored_in.is_empty(),
        };
        let storing = self.storing();
        self.paths().into_iter().filter(|path| !storing.contains(path) && !writes_nothing(path)).collect()
    }

    /// Why a run may pass though entries of some paths are not checked; none where it may not.
    #[must_use]
    pub fn pardon(&self) -> Option<&'static str> {
        match (&self.run.declared, self.run.schedule.expect.entries) {
            (None, _) => Some("an earlier faultline did not ask what paths write"),
            (Some(_), Entries::NotChecked) => Some("the scenario says so"),
            (Some(_), Entries::Checked) => None,
        }
    }

    /// The operations of a path.
    pub fn of_path<'b>(&'b self, path: &'b str) -> impl Iterator<Item = &'b Operation> {
        self.operations.iter().filter(move |operation| operation.path == path)
    }

    /// Whether any fault touches an operation.
    #[must_use]
    pub fn is_under_fault(&self, operation: &Operation) -> bool {
        self.windows.iter().any(|window| window.touches(operation))
    }
}

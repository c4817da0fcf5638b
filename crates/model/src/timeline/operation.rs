//! Operations, put together from the events that begin and end them.

use std::collections::HashMap;

use super::Retention;
use crate::history::{Completion, Invoke, Outcome};

/// One operation of a run. Times are microseconds after the start of the load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Id, unique in all runs.
    pub id: String,
    /// Name of its path.
    pub path: String,
    /// Due time.
    pub due: i64,
    /// Time of sending; none if it was dropped.
    pub sent: Option<i64>,
    /// Time of the answer; none if none came.
    pub ended: Option<i64>,
    /// Outcome; none if it was dropped, `Info` if no answer came.
    pub outcome: Option<Outcome>,
    /// Hash of its data, on a path that stores.
    pub hash: Option<u64>,
    /// Status of the answer.
    pub status: Option<u16>,
    /// Text of the answer or of the connection's error, for all outcomes but `Ok`.
    pub message: Option<String>,
    /// True if the answer had status 2xx, but not the shape that its path declares.
    pub undeclared: bool,
}

impl Operation {
    /// Returns the time from its due time to its end, in microseconds.
    #[must_use]
    pub fn latency(&self) -> Option<u64> {
        self.ended.map(|ended| u64::try_from(ended - self.due).unwrap_or(0))
    }

    /// Returns its end, or for an operation that did not end its due time.
    #[must_use]
    pub fn last_seen(&self) -> i64 {
        // An end that was not recorded may be at any time. Of a dropped operation nothing else is known.
        self.ended.unwrap_or(self.due)
    }
}

/// An operation in flight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Invocation {
    // A copy, since a timeline of the recent past keeps no operation that it could be read from.
    pub(super) path: String,
    pub(super) due: i64,
    /// Place in the list of all operations, where that is kept.
    place: Option<usize>,
}

/// Operations of a run: those in flight, and all of them if they are kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Operations {
    keeps_all: bool,
    all: Vec<Operation>,
    in_flight: HashMap<String, Invocation>,
}

impl Operations {
    pub(super) fn new(retention: Retention) -> Self {
        Self { keeps_all: retention == Retention::Whole, all: Vec::new(), in_flight: HashMap::new() }
    }

    pub(super) fn begin(&mut self, invoke: &Invoke) {
        // The list only grows, so a place stays valid.
        let place = self.keeps_all.then_some(self.all.len());
        let started = Invocation { path: invoke.path.clone(), due: invoke.due, place };
        self.in_flight.insert(invoke.id.clone(), started);
        self.keep(Operation {
            sent: Some(invoke.sent),
            // Until an end is recorded, the effect is unknown. A run that was killed leaves it so.
            outcome: Some(Outcome::Info),
            hash: invoke.hash,
            ..dropped(&invoke.id, &invoke.path, invoke.due)
        });
    }

    /// Ends an operation; none if it was not in flight.
    pub(super) fn end(&mut self, settled: &Completion) -> Option<Invocation> {
        let started = self.in_flight.remove(&settled.id)?;
        if let Some(operation) = started.place.and_then(|place| self.all.get_mut(place)) {
            operation.ended = Some(settled.at);
            operation.outcome = Some(settled.outcome);
            operation.status = settled.status;
            operation.message.clone_from(&settled.message);
            operation.undeclared = settled.undeclared;
        }
        Some(started)
    }

    pub(super) fn drop(&mut self, id: &str, path: &str, due: i64) {
        self.keep(dropped(id, path, due));
    }

    /// Forgets what is in flight: the load has ended, and no answer comes any more.
    pub(super) fn give_up(&mut self) {
        self.in_flight.clear();
    }

    pub(super) fn all(&self) -> &[Operation] {
        &self.all
    }

    fn keep(&mut self, operation: Operation) {
        if self.keeps_all {
            self.all.push(operation);
        }
    }
}

fn dropped(id: &str, path: &str, due: i64) -> Operation {
    Operation {
        id: id.to_owned(),
        path: path.to_owned(),
        due,
        sent: None,
        ended: None,
        outcome: None,
        hash: None,
        status: None,
        message: None,
        undeclared: false,
    }
}

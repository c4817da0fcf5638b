//! Operations, put together from the lines of a history.

use std::collections::HashMap;

use super::event::{Event, Outcome};

/// One operation of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Its id.
    pub id: String,
    /// Its path.
    pub path: String,
    /// When it was due, in microseconds after the start of the load.
    pub due: i64,
    /// When it was sent; none if it was dropped.
    pub sent: Option<i64>,
    /// When it ended; none if it never did.
    pub ended: Option<i64>,
    /// How it ended; none if it was dropped. One that never ended is `Info`.
    pub outcome: Option<Outcome>,
    /// Hash of its data, on a path that stores.
    pub hash: Option<u64>,
    /// Status of the answer.
    pub status: Option<u16>,
    /// What the answer or the connection said.
    pub message: Option<String>,
    /// An answer of status 2xx that is not what its path declares.
    pub undeclared: bool,
}

impl Operation {
    /// Time from when it was due to its end, in microseconds.
    #[must_use]
    pub fn latency(&self) -> Option<u64> {
        self.ended.map(|ended| u64::try_from(ended - self.due).unwrap_or(0))
    }

    /// When it ended, or for one that did not, when it was due.
    #[must_use]
    pub fn last_seen(&self) -> i64 {
        self.ended.unwrap_or(self.due)
    }
}

/// Every operation in the order of the lines that begin them.
#[must_use]
pub fn operations(events: &[Event]) -> Vec<Operation> {
    let mut list: Vec<Operation> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for event in events {
        match event {
            Event::Invoke(invoke) => {
                places.insert(&invoke.id, list.len());
                list.push(Operation {
                    id: invoke.id.clone(),
                    path: invoke.path.clone(),
                    due: invoke.due,
                    sent: Some(invoke.sent),
                    ended: None,
                    outcome: Some(Outcome::Info),
                    hash: invoke.hash,
                    status: None,
                    message: None,
                    undeclared: false,
                });
            }
            Event::Settle(settled) => {
                if let Some(operation) = places.get(settled.id.as_str()).map(|place| &mut list[*place]) {
                    operation.ended = Some(settled.at);
                    operation.outcome = Some(settled.outcome);
                    operation.status = settled.status;
                    operation.message.clone_from(&settled.message);
                    operation.undeclared = settled.undeclared;
                }
            }
            Event::Drop { id, path, due } => list.push(Operation {
                id: id.clone(),
                path: path.clone(),
                due: *due,
                sent: None,
                ended: None,
                outcome: None,
                hash: None,
                status: None,
                message: None,
                undeclared: false,
            }),
            _ => {}
        }
    }
    list
}

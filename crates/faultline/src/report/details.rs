//! What a picture of a run needs beside its report: every second, every node's changes, the ways of the entries in
//! question.

use std::collections::{BTreeMap, BTreeSet};

use super::model::Report;
use crate::history::{Entry, NodeChange, Outcome, RunInfo};
use crate::measure::{Second, history::seconds};
use crate::timeline::{self, FaultWindow, Operation, Timeline};

/// The checks whose ids are entries that went wrong.
const ABOUT_ENTRIES: [&str; 4] = ["lost", "duplicated", "unexpected", "altered"];

/// How long before and after an entry was under way the nodes' logs are of interest, in microseconds.
const AROUND: i64 = 1_000_000;

/// Entries in question that have lines of logs beside them.
pub const LOGGED: usize = 10;

/// Lines of each node's log beside such an entry, at most.
pub const LINES: usize = 20;

/// What a picture of a run needs beside its report.
#[derive(Debug, Clone, PartialEq)]
pub struct Details {
    /// What run it was.
    pub run: RunInfo,
    /// What became of operations, by the second that they were due in and by path.
    pub seconds: Vec<Second>,
    /// Figures of each second, as the charts show them.
    pub over_time: Vec<timeline::Second>,
    /// Windows of the faults that began.
    pub faults: Vec<FaultWindow>,
    /// What became of nodes: when in microseconds after the start of the load, which, what.
    pub nodes: Vec<(i64, String, NodeChange)>,
    /// The entries in question.
    pub ways: Vec<Way>,
    /// When the load was over, in microseconds after its start.
    pub load_ended: Option<i64>,
}

/// One entry that went wrong, with its way as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// Its operation's id.
    pub id: String,
    /// The path; none of an entry that no operation sent.
    pub path: Option<String>,
    /// What is wrong with it: names of checks.
    pub wrong: Vec<String>,
    /// What is known, in order: when in microseconds after the start of the load, and what. What has no time comes last.
    pub steps: Vec<(Option<i64>, String)>,
    /// Lines of the nodes' logs from then.
    pub log: Vec<LogLine>,
}

/// A line of a node's log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogLine {
    /// When, in microseconds after the start of the load.
    pub at: i64,
    /// Whose.
    pub node: String,
    /// What it says.
    pub text: String,
}

impl Details {
    /// Of a history and the report of it, without lines of logs.
    #[must_use]
    pub fn new(timeline: &Timeline, report: &Report) -> Self {
        Self {
            run: timeline.run.clone(),
            seconds: seconds(timeline.operations()),
            over_time: timeline.seconds.all(),
            faults: timeline.faults.windows().to_vec(),
            nodes: timeline
                .nodes
                .iter()
                .map(|event| (event.at, event.node.clone(), event.change.clone()))
                .collect(),
            ways: ways(timeline, report),
            load_ended: timeline.load_ended,
        }
    }
}

impl Way {
    /// When the logs are of interest: from and until, in microseconds after the start of the load; never for an entry of
    /// which no moment is known.
    #[must_use]
    pub fn moment(&self) -> Option<(i64, i64)> {
        let times = || self.steps.iter().filter_map(|(at, _)| *at);
        Some((times().min()? - AROUND, times().max()? + AROUND))
    }
}

fn ways(timeline: &Timeline, report: &Report) -> Vec<Way> {
    let mut wrong: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for check in report.checks.iter().filter(|check| ABOUT_ENTRIES.contains(&check.name.as_str())) {
        for id in &check.ids {
            wrong.entry(id).or_default().insert(&check.name);
        }
    }
    let operations: BTreeMap<&str, &Operation> = timeline
        .operations()
        .iter()
        .filter(|operation| wrong.contains_key(operation.id.as_str()))
        .map(|operation| (operation.id.as_str(), operation))
        .collect();
    let mut copies: BTreeMap<&str, Vec<(&str, &Entry)>> = BTreeMap::new();
    for (store, entries) in &timeline.stores.entries {
        for entry in entries.iter().filter(|entry| wrong.contains_key(entry.op.as_str())) {
            copies.entry(&entry.op).or_default().push((store, entry));
        }
    }
    let way = |(id, wrong): (&str, BTreeSet<&str>)| {
        let operation = operations.get(id).copied();
        Way {
            id: id.to_owned(),
            path: operation.map(|operation| operation.path.clone()),
            wrong: wrong.into_iter().map(str::to_owned).collect(),
            steps: steps(timeline, operation, copies.get(id).map_or(&[], Vec::as_slice)),
            log: Vec::new(),
        }
    };
    wrong.into_iter().map(way).collect()
}

fn steps(
    timeline: &Timeline,
    operation: Option<&Operation>,
    copies: &[(&str, &Entry)],
) -> Vec<(Option<i64>, String)> {
    let mut steps = Vec::new();
    if let Some(operation) = operation {
        steps.push((Some(operation.due), "due".to_owned()));
        if let Some(sent) = operation.sent {
            steps.push((Some(sent), "sent".to_owned()));
        }
        steps.push((operation.ended, ending(operation)));
        for window in timeline.faults.windows().iter().filter(|window| window.touches(operation)) {
            let what = &window.name;
            steps.push((Some(window.begin), format!("\"{what}\" began; it was under way while that lasted")));
        }
    } else {
        steps.push((None, "no operation of this run sent it".to_owned()));
    }
    let hash = operation.and_then(|operation| operation.hash);
    for (store, entry) in copies {
        let same = hash.is_none_or(|hash| hash == entry.hash);
        let content = if same { "" } else { ", with other content than was sent" };
        steps.push((None, format!("found in the store {store} at the end{content}")));
    }
    if copies.is_empty() {
        steps.push((None, "found in no store at the end".to_owned()));
    }
    steps.sort_by_key(|(at, _)| at.unwrap_or(i64::MAX));
    steps
}

fn ending(operation: &Operation) -> String {
    let told = match operation.outcome {
        None => "never sent: as many as may be were under way",
        Some(Outcome::Ok) => "acknowledged",
        Some(Outcome::Fail) => "refused: surely without an effect",
        Some(Outcome::Info) if operation.ended.is_none() => "never answered",
        Some(Outcome::Info) => "ended with an unknown outcome",
    };
    let status = operation.status.map_or_else(String::new, |status| format!(", status {status}"));
    let message = operation.message.as_ref().map_or_else(String::new, |message| format!(": {message}"));
    format!("{told}{status}{message}")
}

//! Details of a run that its page shows beside the report: every second, every event of a node, the traces of the
//! entries that went wrong.

use std::collections::{BTreeMap, BTreeSet};

use super::model::Report;
use crate::history::{Entry, NodeChange, Outcome, RunInfo};
use crate::measure::Second;
use crate::timeline::{self, FaultWindow, Operation, Timeline, load_seconds};

/// Checks whose ids are entries that went wrong.
const ABOUT_ENTRIES: [&str; 4] = ["lost", "duplicated", "unexpected", "corrupted"];

// A second: servers write what belongs to an operation somewhat earlier or later than the client sees it.
/// Time before and after a trace from which log lines are shown, in microseconds.
const MARGIN: i64 = 1_000_000;

/// Number of traces that have log lines beside them.
pub const LOGGED: usize = 10;

/// Most log lines of one node beside a trace.
pub const LINES: usize = 20;

/// Details of a run beside its report.
#[derive(Debug, Clone, PartialEq)]
pub struct Details {
    /// Identity, schedule and system of the run.
    pub run: RunInfo,
    /// Counts and latencies of operations, by path and by the second in which they were due.
    pub seconds: Vec<Second>,
    /// Figures of each second, as the charts show them.
    pub over_time: Vec<timeline::SecondCounts>,
    /// Windows of the faults that began.
    pub faults: Vec<FaultWindow>,
    /// Events of nodes: microseconds after the start of the load, node, change.
    pub nodes: Vec<(i64, String, NodeChange)>,
    /// Traces of the entries that went wrong.
    pub traces: Vec<EntryTrace>,
    /// End of the load, in microseconds after its start; none while unknown.
    pub load_ended: Option<i64>,
}

/// Records of one entry that went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryTrace {
    /// Id of the operation.
    pub id: String,
    /// Path of the operation; none for an entry that no operation sent.
    pub path: Option<String>,
    /// Names of the checks that the entry fails.
    pub wrong: Vec<String>,
    /// Steps in order: microseconds after the start of the load, and a description. Steps without a time come last.
    pub steps: Vec<(Option<i64>, String)>,
    /// Log lines of the nodes around that time.
    pub log: Vec<LogLine>,
}

/// Line of a node's log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogLine {
    /// Time, in microseconds after the start of the load.
    pub at: i64,
    /// Name of the node.
    pub node: String,
    /// Text of the line.
    pub text: String,
}

impl Details {
    /// Collects the details from a timeline and its report, without log lines.
    #[must_use]
    pub fn new(timeline: &Timeline, report: &Report) -> Self {
        Self {
            run: timeline.run.clone(),
            seconds: load_seconds(timeline.operations()),
            over_time: timeline.seconds.all(),
            faults: timeline.faults.windows().to_vec(),
            nodes: timeline
                .nodes
                .iter()
                .map(|event| (event.at, event.node.clone(), event.change.clone()))
                .collect(),
            traces: traces(timeline, report),
            load_ended: timeline.load_ended,
        }
    }
}

impl EntryTrace {
    /// Returns the beginning and the end of the time whose log lines are shown, in microseconds after the start of the
    /// load; none for an entry without any known time.
    #[must_use]
    pub fn moment(&self) -> Option<(i64, i64)> {
        let times = || self.steps.iter().filter_map(|(at, _)| *at);
        Some((times().min()? - MARGIN, times().max()? + MARGIN))
    }
}

fn traces(timeline: &Timeline, report: &Report) -> Vec<EntryTrace> {
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
    let trace = |(id, wrong): (&str, BTreeSet<&str>)| {
        let operation = operations.get(id).copied();
        EntryTrace {
            id: id.to_owned(),
            path: operation.map(|operation| operation.path.clone()),
            wrong: wrong.into_iter().map(str::to_owned).collect(),
            steps: steps(timeline, operation, copies.get(id).map_or(&[], Vec::as_slice)),
            log: Vec::new(),
        }
    };
    wrong.into_iter().map(trace).collect()
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
            steps.push((
                Some(window.begin),
                format!("\"{what}\" was injected; the operation was in flight while it was active"),
            ));
        }
    } else {
        steps.push((None, "no operation of this run sent this entry".to_owned()));
    }
    let hash = operation.and_then(|operation| operation.hash);
    for (store, entry) in copies {
        // An entry that no operation of this run sent has nothing to be compared with.
        let same = hash.is_none_or(|hash| hash == entry.hash);
        let content = if same { "" } else { ", with other data than was sent" };
        steps.push((None, format!("in the store {store} at the end{content}")));
    }
    if copies.is_empty() {
        steps.push((None, "in no store at the end".to_owned()));
    }
    // A store is read after the run and does not know when an entry came: those steps go last.
    steps.sort_by_key(|(at, _)| at.unwrap_or(i64::MAX));
    steps
}

fn ending(operation: &Operation) -> String {
    let outcome = match operation.outcome {
        None => "dropped: in-flight limit reached",
        Some(Outcome::Ok) => "ok: acknowledged",
        Some(Outcome::Fail) => "fail: certainly without effect",
        Some(Outcome::Info) if operation.ended.is_none() => "info: never answered",
        Some(Outcome::Info) => "info: effect unknown",
    };
    let status = operation.status.map_or_else(String::new, |status| format!(", status {status}"));
    let message = operation.message.as_ref().map_or_else(String::new, |message| format!(": {message}"));
    format!("{outcome}{status}{message}")
}

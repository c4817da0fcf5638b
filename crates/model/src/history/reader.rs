//! Lines to events. A run that was killed ends in the middle of a line: that one is left out; a broken line
//! elsewhere is an error with its number.

use super::event::Event;
use super::run_info::{OLDEST, RunInfo, VERSION};

/// Events of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// Identity of the run, with its schedule as it was at the end.
    pub run: RunInfo,
    /// Events in order, the first line included.
    pub events: Vec<Event>,
}

/// Error of reading a history.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The first line is not that of a history, or is missing.
    #[error("not a history: expected a first line of type \"run\"")]
    NoRun,
    /// A line is not an event.
    #[error("line {line}: expected an event of a history: {source}")]
    Line {
        /// Number of the line, from 1.
        line: usize,
        /// Error of the JSON decoder.
        source: serde_json::Error,
    },
    /// Another version of the lab wrote the history.
    #[error("format of the history: expected version {OLDEST} to {VERSION}, found {0}")]
    Version(u64),
}

/// Reads the text of a history.
///
/// # Errors
/// [`HistoryError`] names the line.
// A run that was killed ends in the middle of a line, and is worth judging all the same.
pub fn read(text: &str) -> Result<History, HistoryError> {
    check_version(text)?;
    let mut events = Vec::new();
    // Every line ends with a line feed, so what follows the last one was cut off in the middle.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    for (index, line) in whole.lines().enumerate() {
        let event =
            serde_json::from_str(line).map_err(|source| HistoryError::Line { line: index + 1, source })?;
        events.push(event);
    }
    match events.first() {
        Some(Event::Run(run)) => Ok(History { run: amended(run, &events), events }),
        _ => Err(HistoryError::NoRun),
    }
}

/// Returns the run with its schedule as the last amendment left it.
fn amended(run: &RunInfo, events: &[Event]) -> RunInfo {
    let last = events.iter().rev().find_map(|event| match event {
        Event::Amend { schedule, affected } => Some((schedule, affected)),
        _ => None,
    });
    match last {
        Some((schedule, affected)) => {
            RunInfo { schedule: (**schedule).clone(), affected: affected.clone(), ..run.clone() }
        }
        None => run.clone(),
    }
}

/// Checks the version.
// First, since another version may have changed the rest.
fn check_version(text: &str) -> Result<(), HistoryError> {
    let first = text.lines().next().unwrap_or_default();
    let value: serde_json::Value = serde_json::from_str(first).map_err(|_| HistoryError::NoRun)?;
    match value.get("version").and_then(serde_json::Value::as_u64) {
        Some(version) if (u64::from(OLDEST)..=u64::from(VERSION)).contains(&version) => Ok(()),
        Some(version) => Err(HistoryError::Version(version)),
        None => Err(HistoryError::NoRun),
    }
}

#[cfg(test)]
mod tests {
    use super::super::run_info::SystemInfo;
    use super::super::{Completion, Outcome, Writer};
    use super::*;
    use crate::scenario::{Schedule, parse};

    fn run() -> Event {
        let scenario =
            parse("x", "shows = \"x\"\n[[load]]\nfor = \"1s\"\nrates = { ping = \"1/s\" }\n").unwrap();
        Event::Run(Box::new(RunInfo {
            version: VERSION,
            run: "r".into(),
            faultline: "0".into(),
            started: "now".into(),
            provider: "processes".into(),
            ready_ms: 1,
            stored_in: [].into(),
            declared: None,
            affected: vec![],
            system: SystemInfo::default(),
            command: String::new(),
            schedule: Schedule::derive("x", &scenario, 1),
            environment: [].into(),
        }))
    }

    fn text(events: &[Event]) -> String {
        let mut writer = Writer::new(Vec::new());
        for event in events {
            writer.append(event).unwrap();
        }
        String::from_utf8(writer.into_inner()).unwrap()
    }

    #[test]
    fn what_is_written_is_read_back_and_a_torn_last_line_is_left_out() {
        let settled = Completion {
            id: "a".into(),
            at: 5,
            outcome: Outcome::Ok,
            status: Some(200),
            message: None,
            undeclared: false,
        };
        let unlike =
            Completion { id: "b".into(), outcome: Outcome::Info, undeclared: true, ..settled.clone() };
        let events = [run(), Event::Settle(unlike), Event::Settle(settled)];
        let whole = text(&events);
        assert_eq!(read(&whole).unwrap().events, events);
        let torn = &whole[..whole.len() - 9];
        assert_eq!(read(torn).unwrap().events.len(), 2);
    }

    #[test]
    fn what_was_done_by_hand_is_part_of_the_plan() {
        let Event::Run(info) = run() else { unreachable!() };
        let mut schedule = info.schedule.clone();
        schedule.streams.clear();
        let amend = Event::Amend { schedule: Box::new(schedule), affected: vec![vec!["ping".into()]] };
        let read = read(&text(&[Event::Run(info), amend])).unwrap();
        assert!(read.run.schedule.streams.is_empty());
        assert_eq!(read.run.affected, [["ping"]]);
    }

    #[test]
    fn other_files_and_versions_are_told() {
        assert!(matches!(read(""), Err(HistoryError::NoRun)));
        assert!(matches!(read("hello\n"), Err(HistoryError::NoRun)));
        let version = format!("\"version\":{VERSION}");
        let other = text(&[run()]).replacen(&version, "\"version\":9", 1);
        assert!(matches!(read(&other), Err(HistoryError::Version(9))));
        let broken = format!("{}nonsense\n", text(&[run()]));
        assert!(matches!(read(&broken), Err(HistoryError::Line { line: 2, .. })));
    }
}

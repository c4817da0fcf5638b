//! Everything that the page shows, folded from what a run tells. Pure.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::counts::Counts;
use super::faults::{FaultState, Faults};
use super::seconds::{SecondFigures, Seconds};
use crate::checker::Verdict;
use crate::history::Event;
use crate::report::Report;
use crate::runner::folder::name_of;
use crate::runner::sampler::{LinkLook, NodeLook};
use crate::runner::{Progress, Stage, StoredNow};
use crate::scenario::Schedule;
use crate::stack::Starting;

/// Lines that are kept.
const LINES: usize = 100;

/// Everything that the page shows.
#[derive(Debug, Default)]
pub struct State {
    nodes: BTreeMap<String, NodeLook>,
    links: BTreeMap<String, LinkLook>,
    run: Option<RunState>,
    faults: Faults,
    between: Faults,
    counts: Counts,
    verdict: Option<Judged>,
    lines: Vec<Line>,
    seconds: Seconds,
}

/// A run that goes on, or was.
#[derive(Debug, Clone, Serialize)]
struct RunState {
    scenario: String,
    shows: String,
    seed: u64,
    /// The name of its folder.
    folder: String,
    provider: String,
    /// `starting`, `load`, `settle`, `drain`, `observe`, `shutdown`, `judge` or `over`.
    stage: &'static str,
    /// Seconds from the start of the load until its end; none for one that a person ends.
    ends: Option<f64>,
    /// The paths that are loaded.
    paths: Vec<String>,
}

/// How a run was judged.
#[derive(Debug, Clone, Serialize)]
struct Judged {
    verdict: Verdict,
    why: String,
    /// The name of its folder.
    folder: String,
}

/// Something that happened, in words.
#[derive(Debug, Clone, Serialize)]
struct Line {
    /// Seconds after the start of the load; none before it.
    at: Option<f64>,
    text: String,
}

/// What is told to a viewer: all of it, with all seconds or those that changed.
#[derive(Debug, Serialize)]
pub struct Told<'a> {
    nodes: &'a BTreeMap<String, NodeLook>,
    links: &'a BTreeMap<String, LinkLook>,
    run: &'a Option<RunState>,
    /// Faults of the run.
    faults: &'a [FaultState],
    /// Faults between two runs, since the last one began.
    between: &'a [FaultState],
    counts: &'a Counts,
    verdict: &'a Option<Judged>,
    lines: &'a [Line],
    seconds: Vec<SecondFigures>,
}

impl State {
    /// All of it.
    #[must_use]
    pub fn all(&self) -> Told<'_> {
        self.told(self.seconds.all())
    }

    /// What changed since this was last called: whatever is small in whole, and the seconds that are new.
    pub fn changed(&mut self) -> Told<'_> {
        let seconds = self.seconds.take_changed();
        self.told(seconds)
    }

    fn told(&self, seconds: Vec<SecondFigures>) -> Told<'_> {
        Told {
            nodes: &self.nodes,
            links: &self.links,
            run: &self.run,
            faults: self.faults.list(),
            between: self.between.list(),
            counts: &self.counts,
            verdict: &self.verdict,
            lines: &self.lines,
            seconds,
        }
    }

    /// Whether a run goes on.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.stage != "over")
    }

    /// Takes what a run tells.
    pub fn take(&mut self, progress: &Progress) {
        match progress {
            Progress::Begins { folder, provider, schedule, .. } => {
                self.begin(name_of(folder), provider, schedule);
            }
            Progress::Starting(Starting::Started(_)) | Progress::Tick(_) | Progress::Hands(_) => {}
            Progress::Starting(Starting::Ready(node, after)) => {
                self.line(None, format!("{node} is ready after {:.1} s", after.as_secs_f64()));
            }
            // One that was up before is ready at once.
            Progress::StackReady(Duration::ZERO) => {}
            Progress::StackReady(after) => {
                self.line(None, format!("the system is ready after {:.1} s", after.as_secs_f64()));
            }
            Progress::Stage(stage) => self.stage(*stage),
            Progress::Sample(sample) => {
                self.nodes.clone_from(&sample.nodes);
                self.links.clone_from(&sample.links);
            }
            Progress::Stored(stored) => self.stored(stored),
            Progress::History(event) => self.event(event),
        }
    }

    /// Takes the verdict of the run that was.
    pub fn judged(&mut self, report: &Report) {
        self.counts.judged(report);
        self.verdict = Some(Judged {
            verdict: report.verdict,
            why: report.why.clone(),
            folder: name_of(Path::new(&report.folder)),
        });
        self.end(&format!("the verdict is {}: {}", report.verdict, report.why));
    }

    /// The run is over without a verdict.
    pub fn failed(&mut self, why: &str) {
        self.end(why);
    }

    fn end(&mut self, told: &str) {
        if let Some(run) = &mut self.run {
            run.stage = "over";
        }
        self.line(None, told.to_owned());
    }

    fn begin(&mut self, folder: String, provider: &str, schedule: &Schedule) {
        let (nodes, links) = (std::mem::take(&mut self.nodes), std::mem::take(&mut self.links));
        *self = Self { nodes, links, ..Self::default() };
        let mut paths: Vec<String> = schedule.streams.iter().map(|stream| stream.path.clone()).collect();
        paths.sort();
        paths.dedup();
        self.run = Some(RunState {
            scenario: schedule.scenario.clone(),
            shows: schedule.shows.clone(),
            seed: schedule.seed,
            folder,
            provider: provider.to_owned(),
            stage: "starting",
            ends: None,
            paths,
        });
        self.plan(schedule);
    }

    fn plan(&mut self, schedule: &Schedule) {
        self.faults.plan(schedule);
        if let Some(run) = &mut self.run {
            run.ends = Some(seconds(i64::try_from(schedule.ends()).unwrap_or(i64::MAX)));
        }
    }

    fn stage(&mut self, stage: Stage) {
        let (name, told) = match stage {
            Stage::Load => ("load", "the load begins"),
            Stage::GoOn => ("load", "not every path works again: the load goes on"),
            Stage::Settle => ("settle", "healing what acts, and looking whether everything works again"),
            Stage::Drain => ("drain", "waiting until all that was acknowledged is stored"),
            Stage::Observe => ("observe", "reading the stores"),
            Stage::Shutdown => ("shutdown", "ending the system"),
            Stage::Judge => ("judge", "judging"),
        };
        if let Some(run) = &mut self.run {
            run.stage = name;
        }
        self.line(None, told.to_owned());
    }

    fn stored(&mut self, stored: &StoredNow) {
        let was_known = self.counts.is_known();
        self.counts.look(stored);
        if let (true, StoredNow::Unread(why)) = (was_known, stored) {
            self.line(None, format!("the stores can't be read: {why}"));
        }
    }

    fn event(&mut self, event: &Event) {
        self.seconds.take(event);
        self.counts.take(event);
        match event {
            Event::Amend { schedule, .. } => self.plan(schedule),
            Event::Fault { index, stage, at, evidence } => {
                let told = self.faults.take(*index, *stage, seconds(*at), evidence);
                self.line(Some(*at), told);
            }
            Event::Node { node, at, change } => self.line(Some(*at), change.told(node)),
            Event::LoadEnded { at } => self.line(Some(*at), "the load is over".to_owned()),
            Event::Unobserved { store, reason } => {
                self.line(None, format!("the store {store} can't be read: {reason}"));
            }
            Event::Run(_)
            | Event::Invoke(_)
            | Event::Settle(_)
            | Event::Drop { .. }
            | Event::Drain { .. }
            | Event::Observe(_)
            | Event::End { .. } => {}
        }
    }

    /// Takes what is told of faults between two runs.
    pub fn take_between(&mut self, progress: &Progress) {
        match progress {
            Progress::History(Event::Amend { schedule, .. }) => self.between.plan(schedule),
            Progress::History(Event::Fault { index, stage, at, evidence }) => {
                let told = self.between.take(*index, *stage, seconds(*at), evidence);
                self.line(None, told);
            }
            Progress::Sample(_) => self.take(progress),
            _ => {}
        }
    }

    fn line(&mut self, at: Option<i64>, text: String) {
        self.lines.push(Line { at: at.map(seconds), text });
        if self.lines.len() > LINES {
            self.lines.remove(0);
        }
    }
}

fn seconds(micros: i64) -> f64 {
    (micros / 1000) as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::Value;

    use super::*;
    use crate::history::{FaultStage, Invoke};
    use crate::runner::sampler::Sample;
    use crate::scenario::parse;

    fn schedule() -> Schedule {
        let text = r#"
shows = "what it shows"
[[load]]
for = "2s"
rates = { ping = "10/s" }
[[fault]]
kind = "kill"
node = "broker"
at = "1s"
for = "500ms"
"#;
        Schedule::derive("a scenario", &parse("x", text).expect("a scenario"), 1)
    }

    fn begins(state: &mut State, folder: &str) {
        state.take(&Progress::Begins {
            folder: PathBuf::from("runs").join(folder),
            provider: "processes".to_owned(),
            nodes: 1,
            schedule: Box::new(schedule()),
        });
    }

    fn seen(state: &mut State) {
        let look = NodeLook { state: "running", ready: true, says: String::new() };
        let nodes = [("broker".to_owned(), look)].into();
        state.take(&Progress::Sample(Box::new(Sample { nodes, ..Sample::default() })));
    }

    fn fault(at: i64, stage: FaultStage) -> Progress {
        Progress::History(Event::Fault { index: 0, stage, at, evidence: vec![] })
    }

    fn told(state: &State) -> Value {
        serde_json::to_value(state.all()).expect("JSON")
    }

    #[test]
    fn a_run_begins_with_nothing_of_the_one_before_but_the_nodes_as_they_are() {
        let mut state = State::default();
        seen(&mut state);
        begins(&mut state, "run-1");
        let invoke = Invoke { id: "1".into(), path: "ping".into(), due: 0, sent: 0, hash: None };
        state.take(&Progress::History(Event::Invoke(invoke)));
        state.take(&fault(1_000_000, FaultStage::Begin));
        state.take(&fault(1_200_000, FaultStage::Active));
        let first = told(&state);
        assert_eq!((&first["counts"]["offered"], &first["faults"][0]["active"]), (&1.into(), &1.2.into()));
        assert_eq!(first["faults"][0]["what"], "kill broker");
        assert_eq!(first["seconds"].as_array().map(Vec::len), Some(1));

        begins(&mut state, "run-2");
        let second = told(&state);
        assert_eq!(
            (&second["run"]["folder"], &second["run"]["stage"]),
            (&"run-2".into(), &"starting".into())
        );
        assert_eq!(second["counts"]["offered"], 0);
        for empty in ["faults", "lines", "seconds"] {
            assert_eq!(second[empty].as_array().map(Vec::len), Some(0), "{empty}");
        }
        assert_eq!(second["nodes"]["broker"]["state"], "running");
    }

    #[test]
    fn a_run_goes_on_until_it_is_judged_or_failed() {
        let mut state = State::default();
        assert!(!state.is_running());
        begins(&mut state, "run-1");
        state.take(&Progress::Stage(Stage::Judge));
        assert!(state.is_running());
        state.failed("no verdict: the disk is full");
        assert!(!state.is_running());
        let told = told(&state);
        let lines = told["lines"].as_array().expect("lines");
        assert_eq!(lines.last().map(|line| &line["text"]), Some(&"no verdict: the disk is full".into()));
    }

    #[test]
    fn faults_between_runs_are_told_apart_from_those_of_a_run() {
        let mut state = State::default();
        let amend = Event::Amend { schedule: Box::new(schedule()), affected: vec![] };
        state.take_between(&Progress::History(amend));
        state.take_between(&fault(5, FaultStage::Begin));
        let told = told(&state);
        assert_eq!(
            (&told["between"][0]["what"], &told["faults"]),
            (&"kill broker".into(), &Value::Array(vec![]))
        );
    }

    #[test]
    fn a_store_that_can_not_be_read_is_told_once() {
        let mut state = State::default();
        begins(&mut state, "run-1");
        state.take(&Progress::Stored(StoredNow::Read { stored: 1, doubled: 0, missing: 0 }));
        for _ in 0..3 {
            state.take(&Progress::Stored(StoredNow::Unread("refused".to_owned())));
        }
        let told = told(&state);
        assert_eq!(
            (&told["lines"].as_array().map(Vec::len), &told["counts"]["stored"]),
            (&Some(1), &Value::Null)
        );
    }

    #[test]
    fn lines_are_bounded_and_the_latest_are_kept() {
        let mut state = State::default();
        for number in 0..3 * LINES {
            state.line(None, number.to_string());
        }
        let kept: Vec<&str> = state.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!((kept.len(), kept.last()), (LINES, Some(&"299")));
    }
}

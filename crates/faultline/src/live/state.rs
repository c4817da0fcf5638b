//! Everything that the page shows, folded from what a run tells. Pure.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::counts::{Counters, StoreCounters};
use super::faults::{FaultState, seconds};
use super::pictures::{ChartInput, PictureInput, Pictures, active, pictures};
use crate::checker::Verdict;
use crate::history::Event;
use crate::history::event::SystemInfo;
use crate::picture::FaultKinds;
use crate::report::Report;
use crate::runner::folder::name_of;
use crate::runner::sampler::{LinkLook, NodeLook};
use crate::runner::{LiveTimeline, Progress, Stage, StoredNow};
use crate::scenario::{PlannedFault, Schedule};
use crate::stack::Starting;
use crate::timeline::{FaultWindow, FaultWindows, Second};

/// Lines that are kept.
const LINES: usize = 100;

/// Seconds that the charts show.
const SECONDS: usize = 900;

/// Everything that the page shows.
#[derive(Debug, Default)]
pub struct State {
    system: SystemInfo,
    nodes: BTreeMap<String, NodeLook>,
    links: BTreeMap<String, LinkLook>,
    run: Option<RunState>,
    timeline: LiveTimeline,
    between: FaultWindows,
    /// Faults that are planned between two runs.
    planned_between: Vec<PlannedFault>,
    stores: StoreCounters,
    verdict: Option<Judged>,
    lines: Vec<Line>,
    /// Revision of the seconds that viewers have, and these seconds.
    revision: u64,
    seconds: Vec<Second>,
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
    faults: Vec<FaultState>,
    /// Faults between two runs, since the last one began.
    between: Vec<FaultState>,
    counts: Counters,
    verdict: &'a Option<Judged>,
    lines: &'a [Line],
    seconds: Vec<Second>,
    pictures: Pictures,
}

impl State {
    /// Sets the system that the pictures show.
    pub fn show(&mut self, system: SystemInfo) {
        self.system = system;
    }

    /// Returns all of it.
    #[must_use]
    pub fn all(&self) -> Told<'_> {
        let seconds = self.timeline.read(|timeline| timeline.seconds.all()).unwrap_or_default();
        let pictures = self.pictures(&seconds);
        self.told(seconds, pictures)
    }

    /// Returns what changed since this was last called: whatever is small in whole, and the seconds that are new.
    pub fn changed(&mut self) -> Told<'_> {
        let changed = self.timeline.read(|timeline| timeline.seconds.changed_since(self.revision));
        let (seconds, revision) = changed.unwrap_or_default();
        self.revision = revision;
        self.keep(&seconds);
        let pictures = self.pictures(&self.seconds);
        self.told(seconds, pictures)
    }

    /// Keeps seconds for the charts: all figures of the timeline would be computed anew for each picture.
    fn keep(&mut self, changed: &[Second]) {
        for second in changed {
            match self.seconds.binary_search_by_key(&second.second, |kept| kept.second) {
                Ok(place) => self.seconds[place] = second.clone(),
                Err(place) => self.seconds.insert(place, second.clone()),
            }
        }
        self.seconds.drain(..self.seconds.len().saturating_sub(SECONDS));
    }

    fn pictures(&self, seconds: &[Second]) -> Pictures {
        // Drawn from copies, since the recorder waits for the timeline meanwhile.
        let known = self.timeline.read(|timeline| {
            let planned = timeline.run.schedule.faults.clone();
            (timeline.faults.windows().to_vec(), planned, timeline.load_ended.is_some())
        });
        let (faults, planned, is_over) = known.unwrap_or_default();
        let between = active(self.between.windows(), &self.planned_between);
        let run = self.run.as_ref().map(|run| ChartInput {
            paths: &run.paths,
            seconds,
            faults: &faults,
            planned: run.ends,
            is_over: is_over || run.stage == "over",
        });
        pictures(&PictureInput {
            system: &self.system,
            nodes: &self.nodes,
            links: &self.links,
            active: &FaultKinds::new(active(&faults, &planned).chain(between)),
            run,
        })
    }

    fn told(&self, seconds: Vec<Second>, pictures: Pictures) -> Told<'_> {
        let of = |windows: &[FaultWindow]| windows.iter().map(FaultState::from).collect::<Vec<_>>();
        let faults = self.timeline.read(|timeline| of(timeline.faults.windows()));
        let counts = self.timeline.read(|timeline| Counters::new(timeline, &self.stores));
        Told {
            nodes: &self.nodes,
            links: &self.links,
            run: &self.run,
            faults: faults.unwrap_or_default(),
            between: of(self.between.windows()),
            counts: counts.unwrap_or_default(),
            verdict: &self.verdict,
            lines: &self.lines,
            seconds,
            pictures,
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
            Progress::Begins { folder, provider, schedule, timeline, .. } => {
                self.begin(name_of(folder), provider, schedule);
                self.timeline = timeline.clone();
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
        let Self { stores, timeline, .. } = self;
        if timeline.read(|timeline| stores.judge(report, Some(timeline))).is_none() {
            stores.judge(report, None);
        }
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
        let Self { system, nodes, links, .. } = std::mem::take(self);
        *self = Self { system, nodes, links, ..Self::default() };
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
        if let Some(run) = &mut self.run {
            run.ends = Some(seconds(i64::try_from(schedule.ends()).unwrap_or(i64::MAX)));
        }
    }

    fn stage(&mut self, stage: Stage) {
        let name = match stage {
            Stage::Load | Stage::GoOn => "load",
            Stage::Settle => "settle",
            Stage::Drain => "drain",
            Stage::Observe => "observe",
            Stage::Shutdown => "shutdown",
            Stage::Judge => "judge",
        };
        if let Some(run) = &mut self.run {
            run.stage = name;
        }
        self.line(None, stage.describe().to_owned());
    }

    fn stored(&mut self, stored: &StoredNow) {
        let was_known = self.stores.is_known();
        self.stores.look(stored);
        if let (true, StoredNow::Unread(why)) = (was_known, stored) {
            self.line(None, format!("the stores can't be read: {why}"));
        }
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::Amend { schedule, .. } => self.plan(schedule),
            Event::Fault { index, stage, at, .. } => {
                let name = self.timeline.read(|timeline| timeline.faults.name(*index)).unwrap_or_default();
                self.line(Some(*at), stage.describe(&name));
            }
            Event::Node { node, at, change } => self.line(Some(*at), change.told(node)),
            Event::LoadEnded { at } => self.line(Some(*at), "the load is over".to_owned()),
            Event::Unobserved { store, reason } => {
                self.line(None, format!("the store {store} can't be read: {reason}"));
            }
            Event::Stop(stop) if stop.is_in_order() != Some(true) => {
                self.line(Some(stop.at), stop.to_string());
            }
            Event::Stop(_)
            | Event::Readiness { .. }
            | Event::Run(_)
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
            Progress::History(Event::Amend { schedule, affected }) => {
                self.between.plan(schedule, affected);
                self.planned_between.clone_from(&schedule.faults);
            }
            Progress::History(Event::Fault { index, stage, at, evidence }) => {
                self.between.push(*index, *stage, *at, evidence);
                self.line(None, stage.describe(&self.between.name(*index)));
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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use serde_json::Value;

    use super::*;
    use crate::history::event::SystemInfo;
    use crate::history::{FaultStage, Invoke, RunInfo};
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

    /// Begins a run; its timeline takes events as a recorder would.
    fn begins(state: &mut State, folder: &str) -> LiveTimeline {
        let timeline = LiveTimeline::default();
        state.take(&Progress::Begins {
            folder: PathBuf::from("runs").join(folder),
            provider: "processes".to_owned(),
            nodes: 1,
            schedule: Box::new(schedule()),
            timeline: timeline.clone(),
        });
        timeline
    }

    fn run() -> Event {
        Event::Run(Box::new(RunInfo {
            version: crate::history::VERSION,
            run: "r0000001".into(),
            faultline: "0".into(),
            started: "2026-01-01T00:00:00Z".into(),
            provider: "processes".into(),
            ready_ms: 1,
            stored_in: [].into(),
            declared: None,
            affected: vec![vec![]],
            system: SystemInfo::default(),
            command: String::new(),
            schedule: schedule(),
            environment: [].into(),
        }))
    }

    fn record(state: &mut State, timeline: &LiveTimeline, event: Event) {
        timeline.push(&event);
        state.take(&Progress::History(event));
    }

    fn seen(state: &mut State) {
        let look = NodeLook { state: "running", ready: true, says: String::new() };
        let nodes = [("broker".to_owned(), look)].into();
        state.take(&Progress::Sample(Box::new(Sample { nodes, ..Sample::default() })));
    }

    fn fault(at: i64, stage: FaultStage) -> Event {
        Event::Fault { index: 0, stage, at, evidence: vec![] }
    }

    fn told(state: &State) -> Value {
        serde_json::to_value(state.all()).expect("JSON")
    }

    #[test]
    fn a_run_begins_with_nothing_of_the_one_before_but_the_nodes_as_they_are() {
        let mut state = State::default();
        seen(&mut state);
        let timeline = begins(&mut state, "run-1");
        record(&mut state, &timeline, run());
        let invoke = Invoke { id: "1".into(), path: "ping".into(), due: 0, sent: 0, hash: None };
        record(&mut state, &timeline, Event::Invoke(invoke));
        record(&mut state, &timeline, fault(1_000_000, FaultStage::Begin));
        record(&mut state, &timeline, fault(1_200_000, FaultStage::Active));
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
    fn pictures_show_the_system_before_a_run_and_its_paths_and_faults_during_one() {
        let mut state = State::default();
        let nodes = vec!["broker".to_owned()];
        state.show(SystemInfo { nodes, links: vec![], entries: vec!["broker".to_owned()] });
        seen(&mut state);
        let label = |told: &Value| {
            let shapes = told["pictures"]["system"]["shapes"].as_array().expect("shapes").clone();
            shapes.iter().find_map(|shape| shape["label"].as_str().map(str::to_owned)).expect("a node")
        };
        let before = told(&state);
        assert_eq!(
            (label(&before).as_str(), &before["pictures"]["charts"]),
            ("node broker: running", &Value::Array(vec![]))
        );

        let timeline = begins(&mut state, "run-1");
        record(&mut state, &timeline, run());
        for number in 0..3 {
            let (id, due) = (number.to_string(), number * 1_000_000);
            let invoke = Invoke { id, path: "ping".into(), due, sent: due, hash: None };
            record(&mut state, &timeline, Event::Invoke(invoke));
        }
        record(&mut state, &timeline, fault(1_000_000, FaultStage::Begin));
        record(&mut state, &timeline, fault(1_200_000, FaultStage::Active));
        let all = told(&state);
        assert_eq!(label(&all), "node broker: running, kill");
        assert_eq!(all["pictures"]["charts"][0]["path"], "ping");
        assert_eq!(all["pictures"]["charts"][0]["says"], "0/s ok of 1.0/s offered, p99 \u{2013}");
        // A viewer who was there from the beginning sees the same picture.
        let changed = serde_json::to_value(state.changed()).expect("JSON");
        assert_eq!(changed["pictures"], all["pictures"]);
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
        state.take_between(&Progress::History(fault(5, FaultStage::Begin)));
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
        state.take(&Progress::Stored(StoredNow::Read { stored: 1, duplicated: 0, missing: 0 }));
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

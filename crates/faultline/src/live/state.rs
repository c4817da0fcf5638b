//! The state that the page shows, folded from the progress of a run. Pure.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::counts::{RunCounters, StoreCounters};
use super::faults::{FaultState, seconds};
use super::pictures::{ChartInput, PictureInput, Pictures, active, pictures};
use super::view::{MessageLine, RunState, StateView, VerdictState};
use crate::history::Event;
use crate::history::run_info::SystemInfo;
use crate::picture::FaultKinds;
use crate::report::Report;
use crate::runner::folder::name_of;
use crate::runner::sample::{LinkSample, NodeSample};
use crate::runner::{LiveTimeline, Progress, Stage, StoreReading};
use crate::scenario::{PlannedFault, Schedule};
use crate::stack::Starting;
use crate::timeline::{FaultWindow, FaultWindows, SecondCounts};

/// Messages that are kept.
const LINES: usize = 100;

/// Seconds that the charts show.
// As many as the timeline of a live run keeps.
const SECONDS: usize = 900;

/// State that the page shows.
#[derive(Debug, Default)]
pub struct LabState {
    system: SystemInfo,
    nodes: BTreeMap<String, NodeSample>,
    links: BTreeMap<String, LinkSample>,
    run: Option<RunState>,
    timeline: LiveTimeline,
    between: FaultWindows,
    /// Faults that are planned between two runs.
    planned_between: Vec<PlannedFault>,
    stores: StoreCounters,
    verdict: Option<VerdictState>,
    lines: Vec<MessageLine>,
    /// Revision of the seconds that the viewers have, and these seconds.
    revision: u64,
    seconds: Vec<SecondCounts>,
}

impl LabState {
    /// Sets the system that the pictures show.
    pub fn show(&mut self, system: SystemInfo) {
        self.system = system;
    }

    /// Returns the whole state.
    #[must_use]
    pub fn all(&self) -> StateView<'_> {
        let seconds = self.timeline.read(|timeline| timeline.seconds.all()).unwrap_or_default();
        let pictures = self.pictures(&seconds);
        self.view(seconds, pictures)
    }

    /// Returns the changes since the last call: small state in full, and the seconds that changed.
    pub fn changed(&mut self) -> StateView<'_> {
        let changed = self.timeline.read(|timeline| timeline.seconds.changed_since(self.revision));
        let (seconds, revision) = changed.unwrap_or_default();
        self.revision = revision;
        self.keep(&seconds);
        let pictures = self.pictures(&self.seconds);
        self.view(seconds, pictures)
    }

    /// Keeps seconds for the charts: all figures of the timeline would be computed anew for each picture.
    fn keep(&mut self, changed: &[SecondCounts]) {
        for second in changed {
            match self.seconds.binary_search_by_key(&second.second, |kept| kept.second) {
                Ok(place) => self.seconds[place] = second.clone(),
                Err(place) => self.seconds.insert(place, second.clone()),
            }
        }
        self.seconds.drain(..self.seconds.len().saturating_sub(SECONDS));
    }

    fn pictures(&self, seconds: &[SecondCounts]) -> Pictures {
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

    fn view(&self, seconds: Vec<SecondCounts>, pictures: Pictures) -> StateView<'_> {
        let of = |windows: &[FaultWindow]| windows.iter().map(FaultState::from).collect::<Vec<_>>();
        let faults = self.timeline.read(|timeline| of(timeline.faults.windows()));
        let counts = self.timeline.read(|timeline| RunCounters::new(timeline, &self.stores));
        StateView {
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

    /// Returns true while a run goes on.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.stage != "over")
    }

    /// Applies progress of a run.
    pub fn apply(&mut self, progress: &Progress) {
        match progress {
            Progress::Begins { folder, provider, schedule, timeline, .. } => {
                self.begin(name_of(folder), provider, schedule);
                self.timeline = timeline.clone();
            }
            Progress::Starting(Starting::Started(_)) | Progress::Tick(_) => {}
            Progress::Starting(Starting::Ready(node, after)) => {
                self.line(None, format!("{node} ready after {:.1} s", after.as_secs_f64()));
            }
            // A system that was up before is ready at once, which is no news.
            Progress::StackReady(Duration::ZERO) => {}
            Progress::StackReady(after) => {
                self.line(None, format!("system ready after {:.1} s", after.as_secs_f64()));
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

    /// Adds the verdict of the last run.
    pub fn add_verdict(&mut self, report: &Report) {
        let Self { stores, timeline, .. } = self;
        // Without a timeline the run failed before its first event.
        if timeline.read(|timeline| stores.judge(report, Some(timeline))).is_none() {
            stores.judge(report, None);
        }
        self.verdict = Some(VerdictState {
            verdict: report.verdict,
            why: report.why.clone(),
            folder: name_of(Path::new(&report.folder)),
        });
        self.end(&format!("verdict {}: {}", report.verdict, report.why));
    }

    /// Ends the run without a verdict, for a reason.
    pub fn end_without_verdict(&mut self, why: &str) {
        self.end(why);
    }

    fn end(&mut self, message: &str) {
        if let Some(run) = &mut self.run {
            run.stage = "over";
        }
        self.line(None, message.to_owned());
    }

    fn begin(&mut self, folder: String, provider: &str, schedule: &Schedule) {
        // Nodes and links stay: they are of the system, which may be up since before the run.
        let Self { system, nodes, links, .. } = std::mem::take(self);
        // All else begins anew, the revision too: it counts the changes of one timeline.
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

    fn stored(&mut self, stored: &StoreReading) {
        let was_known = self.stores.is_known();
        self.stores.apply(stored);
        // Reported once, not once a second.
        if let (true, StoreReading::Unread(why)) = (was_known, stored) {
            self.line(None, format!("stores can't be read: {why}"));
        }
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::Amend { schedule, .. } => self.plan(schedule),
            Event::Fault { index, stage, at, .. } => {
                let name = self.timeline.read(|timeline| timeline.faults.name(*index)).unwrap_or_default();
                self.line(Some(*at), stage.describe(&name));
            }
            Event::Node { node, at, change } => self.line(Some(*at), change.describe(node)),
            Event::LoadEnded { at } => self.line(Some(*at), "load ended".to_owned()),
            Event::Unobserved { store, reason } => {
                self.line(None, format!("store {store} can't be read: {reason}"));
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

    /// Applies progress between two runs.
    pub fn apply_between_runs(&mut self, progress: &Progress) {
        match progress {
            Progress::History(Event::Amend { schedule, affected }) => {
                self.between.plan(schedule, affected);
                self.planned_between.clone_from(&schedule.faults);
            }
            Progress::History(Event::Fault { index, stage, at, evidence }) => {
                self.between.push(*index, *stage, *at, evidence);
                self.line(None, stage.describe(&self.between.name(*index)));
            }
            Progress::Sample(_) => self.apply(progress),
            _ => {}
        }
    }

    fn line(&mut self, at: Option<i64>, text: String) {
        // Bounded, since each change carries all messages.
        self.lines.push(MessageLine { at: at.map(seconds), text });
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
    use crate::history::run_info::SystemInfo;
    use crate::history::{FaultStage, Invoke, RunInfo};
    use crate::runner::run::one_kill::schedule;
    use crate::runner::sample::Sample;

    /// Begins a run; its timeline takes events as a recorder would.
    fn begins(state: &mut LabState, folder: &str) -> LiveTimeline {
        let timeline = LiveTimeline::default();
        state.apply(&Progress::Begins {
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

    fn record(state: &mut LabState, timeline: &LiveTimeline, event: Event) {
        timeline.push(&event);
        state.apply(&Progress::History(event));
    }

    fn sample(state: &mut LabState) {
        let look = NodeSample { state: "running", ready: true, says: String::new() };
        let nodes = [("broker".to_owned(), look)].into();
        state.apply(&Progress::Sample(Box::new(Sample { nodes, ..Sample::default() })));
    }

    fn fault(at: i64, stage: FaultStage) -> Event {
        Event::Fault { index: 0, stage, at, evidence: vec![] }
    }

    fn json(state: &LabState) -> Value {
        serde_json::to_value(state.all()).expect("JSON")
    }

    #[test]
    fn a_run_begins_with_nothing_of_the_one_before_but_the_nodes_as_they_are() {
        let mut state = LabState::default();
        sample(&mut state);
        let timeline = begins(&mut state, "run-1");
        record(&mut state, &timeline, run());
        let invoke = Invoke { id: "1".into(), path: "ping".into(), due: 0, sent: 0, hash: None };
        record(&mut state, &timeline, Event::Invoke(invoke));
        record(&mut state, &timeline, fault(1_000_000, FaultStage::Begin));
        record(&mut state, &timeline, fault(1_200_000, FaultStage::Active));
        let first = json(&state);
        assert_eq!((&first["counts"]["offered"], &first["faults"][0]["active"]), (&1.into(), &1.2.into()));
        assert_eq!(first["faults"][0]["what"], "kill broker");
        assert_eq!(first["seconds"].as_array().map(Vec::len), Some(1));

        begins(&mut state, "run-2");
        let second = json(&state);
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
        let mut state = LabState::default();
        let nodes = vec!["broker".to_owned()];
        state.show(SystemInfo { nodes, links: vec![], entries: vec!["broker".to_owned()] });
        sample(&mut state);
        let label = |view: &Value| {
            let shapes = view["pictures"]["system"]["shapes"].as_array().expect("shapes").clone();
            shapes.iter().find_map(|shape| shape["label"].as_str().map(str::to_owned)).expect("a node")
        };
        let before = json(&state);
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
        let all = json(&state);
        assert_eq!(label(&all), "node broker: running, kill");
        assert_eq!(all["pictures"]["charts"][0]["path"], "ping");
        assert_eq!(all["pictures"]["charts"][0]["says"], "0/s ok of 1.0/s offered, p99 \u{2013}");
        // A viewer who was there from the beginning sees the same picture.
        let changed = serde_json::to_value(state.changed()).expect("JSON");
        assert_eq!(changed["pictures"], all["pictures"]);
    }

    #[test]
    fn a_run_goes_on_until_it_is_judged_or_failed() {
        let mut state = LabState::default();
        assert!(!state.is_running());
        begins(&mut state, "run-1");
        state.apply(&Progress::Stage(Stage::Judge));
        assert!(state.is_running());
        state.end_without_verdict("no verdict: the disk is full");
        assert!(!state.is_running());
        let view = json(&state);
        let lines = view["lines"].as_array().expect("lines");
        assert_eq!(lines.last().map(|line| &line["text"]), Some(&"no verdict: the disk is full".into()));
    }

    #[test]
    fn faults_between_runs_are_separate_from_those_of_a_run() {
        let mut state = LabState::default();
        let amend = Event::Amend { schedule: Box::new(schedule()), affected: vec![] };
        state.apply_between_runs(&Progress::History(amend));
        state.apply_between_runs(&Progress::History(fault(5, FaultStage::Begin)));
        let view = json(&state);
        assert_eq!(
            (&view["between"][0]["what"], &view["faults"]),
            (&"kill broker".into(), &Value::Array(vec![]))
        );
    }

    #[test]
    fn a_store_that_can_not_be_read_is_reported_once() {
        let mut state = LabState::default();
        begins(&mut state, "run-1");
        state.apply(&Progress::Stored(StoreReading::Read { stored: 1, duplicated: 0, missing: 0 }));
        for _ in 0..3 {
            state.apply(&Progress::Stored(StoreReading::Unread("refused".to_owned())));
        }
        let view = json(&state);
        assert_eq!(
            (&view["lines"].as_array().map(Vec::len), &view["counts"]["stored"]),
            (&Some(1), &Value::Null)
        );
    }

    #[test]
    fn lines_are_bounded_and_the_latest_are_kept() {
        let mut state = LabState::default();
        for number in 0..3 * LINES {
            state.line(None, number.to_string());
        }
        let kept: Vec<&str> = state.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!((kept.len(), kept.last()), (LINES, Some(&"299")));
    }
}

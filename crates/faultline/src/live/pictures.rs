//! Pictures of the page: the system as it is now, and every path over time. Pure.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::history::run_info::SystemInfo;
use crate::picture::chart::summary;
use crate::picture::figures::{millis, rate};
use crate::picture::{
    self, Condition, Drawing, FaultKinds, LEGEND, PathChart, SystemLink, SystemNode, TimeSpan, bars,
};
use crate::runner::sample::{LinkSample, NodeSample};
use crate::scenario::PlannedFault;
use faultline_model::timeline::{FaultWindow, SecondCounts};

/// Width of a chart; the page shows two beside each other.
const WIDTH: f64 = 600.0;

/// Everything that the pictures show.
#[derive(Debug, Clone, Copy)]
pub struct PictureInput<'a> {
    /// Nodes and links.
    pub system: &'a SystemInfo,
    /// Latest sample of each node.
    pub nodes: &'a BTreeMap<String, NodeSample>,
    /// Latest sample of each link.
    pub links: &'a BTreeMap<String, LinkSample>,
    /// Kinds of the faults that are active, as [`active`] finds them.
    pub active: &'a FaultKinds,
    /// The run; none before the first.
    pub run: Option<ChartInput<'a>>,
}

/// The run that the charts show.
#[derive(Debug, Clone, Copy)]
pub struct ChartInput<'a> {
    /// Paths that are loaded.
    pub paths: &'a [String],
    /// Seconds that are kept, in order.
    pub seconds: &'a [SecondCounts],
    /// Faults of the run.
    pub faults: &'a [FaultWindow],
    /// Planned end of the load in seconds; none if a person ends it.
    pub planned: Option<f64>,
    /// True after the end of the load.
    pub is_over: bool,
}

/// Pictures of the page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pictures {
    /// Explanation of the outcomes.
    pub legend: &'static str,
    /// Fills that the charts refer to.
    pub patterns: Drawing,
    /// The system.
    pub system: Drawing,
    /// Charts, by path.
    pub charts: Vec<ChartPicture>,
}

/// The chart of one path.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChartPicture {
    /// Name of the path.
    pub path: String,
    /// Latest figures in one line.
    pub says: String,
    /// The chart.
    pub drawing: Drawing,
}

/// Lists the faults that are active, of those planned.
pub fn active<'a>(
    windows: &'a [FaultWindow],
    planned: &'a [PlannedFault],
) -> impl Iterator<Item = &'a PlannedFault> {
    let active = windows.iter().filter(|window| window.active.is_some() && window.healed.is_none());
    active.filter_map(|window| planned.get(window.index))
}

/// Draws all pictures.
#[must_use]
pub fn pictures(shown: &PictureInput<'_>) -> Pictures {
    let node = |name: &String| node(name, shown.nodes.get(name), shown.active);
    let link = |name: &String| link(name, shown.links.get(name), shown.active);
    let nodes: Vec<SystemNode> = shown.system.nodes.iter().map(node).collect();
    let links: Vec<SystemLink> = shown.system.links.iter().map(link).collect();
    Pictures {
        legend: LEGEND,
        patterns: picture::patterns(),
        system: picture::system(&nodes, &links, &shown.system.entries),
        charts: shown.run.as_ref().map(charts).unwrap_or_default(),
    }
}

fn charts(run: &ChartInput<'_>) -> Vec<ChartPicture> {
    let (seconds, faults) = (run.seconds, run.faults);
    let span = match run.is_over {
        true => TimeSpan::finished(seconds, faults, run.planned.unwrap_or_default()),
        false => TimeSpan::live(seconds, run.planned),
    };
    let chart = |path: &String| {
        let bars = bars::bars(path, seconds, span);
        let chart = PathChart { path, bars: &bars, faults, span, width: WIDTH };
        ChartPicture { path: path.clone(), says: summary(&bars), drawing: picture::chart(&chart) }
    };
    run.paths.iter().map(chart).collect()
}

fn node(name: &str, sample: Option<&NodeSample>, active: &FaultKinds) -> SystemNode {
    let (condition, sign, word) = match sample.map(|sample| (sample.state, sample.ready)) {
        None => (Condition::Plain, "\u{2026}", "no data yet"),
        Some(("running", true)) => (Condition::Ok, "\u{2713}", "running"),
        Some(("running", false)) => (Condition::Pending, "!", "not ready"),
        Some(("paused", _)) => (Condition::Error, "\u{2016}", "paused"),
        Some(("lost", _)) => (Condition::Error, "?", "unreachable"),
        Some((state, _)) => (Condition::Error, "\u{2717}", state),
    };
    SystemNode {
        name: name.to_owned(),
        condition,
        state: (sign.to_owned(), word.to_owned()),
        detail: sample.map(|sample| sample.says.clone()).unwrap_or_default(),
        faults: active.of(name),
    }
}

fn link(name: &str, sample: Option<&LinkSample>, active: &FaultKinds) -> SystemLink {
    let mut faults = active.of(name);
    let Some(sample) = sample else {
        return SystemLink { name: name.to_owned(), faults, ..SystemLink::default() };
    };
    // A sample is up to a second old, and knows toxics that others than the lab set.
    for toxic in &sample.toxics {
        if !faults.iter().any(|fault| fault == toxic) {
            faults.push((*toxic).to_owned());
        }
    }
    // A client of the proxy API may disable a link, which is no fault of the run.
    if !sample.enabled && faults.is_empty() {
        faults.push("cut".to_owned());
    }
    let answers = format!("{}/s", rate(sample.answers));
    SystemLink {
        name: name.to_owned(),
        condition: match sample.errors > 0.0 {
            true => Condition::Pending,
            false => Condition::Ok,
        },
        rate: sample
            .p50_ms
            .map_or_else(|| answers.clone(), |p50| format!("{answers} \u{b7} {}", millis(p50))),
        trouble: if sample.errors > 0.0 {
            format!("{}/s errors", rate(sample.errors))
        } else {
            String::new()
        },
        faults,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::history::FaultStage;
    use crate::scenario::{Schedule, parse};
    use faultline_model::timeline::{Counts, FaultWindows, PathSecond};

    const SCENARIO: &str = r#"
shows = "x"
[[load]]
for = "60s"
rates = { ping = "10/s" }
[[fault]]
kind = "kill"
node = "mongo"
at = "1s"
for = "5s"
"#;

    fn system() -> SystemInfo {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        SystemInfo {
            nodes: names(&["logger", "mongo"]),
            links: names(&["logger->mongo:27017"]),
            entries: names(&["logger"]),
        }
    }

    /// Collects every button: its class and its label.
    fn targets(drawing: &Value) -> Vec<(String, String)> {
        let groups = drawing["shapes"].as_array().expect("shapes");
        let groups = groups.iter().filter(|shape| shape["target"].is_object() && shape["label"].is_string());
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        groups.map(|group| (text(&group["class"]), text(&group["label"]))).collect()
    }

    #[test]
    fn the_system_is_drawn_as_it_is_now_with_the_faults_that_are_active() {
        let schedule = Schedule::derive("s", &parse("x", SCENARIO).expect("a scenario"), 1);
        let mut windows = FaultWindows::default();
        windows.plan(&schedule, &[]);
        windows.push(0, FaultStage::Begin, 1_000_000, &[]);
        assert_eq!(active(windows.windows(), &schedule.faults).count(), 0);
        windows.push(0, FaultStage::Active, 1_100_000, &[]);
        let active = FaultKinds::new(active(windows.windows(), &schedule.faults));
        let says = "<b>killed</b>".to_owned();
        let nodes = [("mongo".to_owned(), NodeSample { state: "down", ready: false, says })].into();
        let sample = LinkSample {
            answers: 5.0,
            p50_ms: Some(1.0),
            errors: 2.0,
            toxics: vec!["latency"],
            enabled: true,
            ..LinkSample::default()
        };
        let links = [("logger->mongo:27017".to_owned(), sample)].into();
        let shown =
            PictureInput { system: &system(), nodes: &nodes, links: &links, active: &active, run: None };
        let drawn = serde_json::to_value(pictures(&shown)).expect("JSON");
        let expected = [
            ("link pending faulty", "link logger->mongo:27017: 5.0/s \u{b7} 1.0 ms, latency, 2.0/s errors"),
            ("node plain", "node logger: no data yet"),
            ("node error faulty", "node mongo: down, <b>killed</b>, kill"),
        ];
        assert_eq!(targets(&drawn["system"]), expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
        assert_eq!(drawn["charts"], Value::Array(vec![]));
        windows.push(0, FaultStage::Healed, 6_000_000, &[]);
        assert_eq!(super::active(windows.windows(), &schedule.faults).count(), 0);
    }

    #[test]
    fn each_path_has_a_chart_that_says_its_latest_figures() {
        let counts = Counts { offered: 10, ok: 7, fail: 3, ..Counts::default() };
        let figures = PathSecond { counts, p50: Some(1.0), p99: Some(2.0), max: Some(3.0) };
        let second = |second| SecondCounts { second, paths: [("ping".to_owned(), figures)].into() };
        let seconds: Vec<SecondCounts> = (0..3).map(second).collect();
        let (paths, (nodes, links)) = (["ping".to_owned(), "pong".to_owned()], Default::default());
        let active = FaultKinds::default();
        let run =
            ChartInput { paths: &paths, seconds: &seconds, faults: &[], planned: Some(60.0), is_over: false };
        let shown =
            PictureInput { system: &system(), nodes: &nodes, links: &links, active: &active, run: Some(run) };
        let drawn = pictures(&shown);
        let says: Vec<&str> = drawn.charts.iter().map(|chart| chart.says.as_str()).collect();
        assert_eq!(says, ["7.0/s ok of 10/s offered, p99 2.0 ms", "no data yet"]);
        let drawn = serde_json::to_value(drawn).expect("JSON");
        assert_eq!(drawn["charts"][0]["path"], "ping");
        assert_eq!(drawn["charts"][0]["drawing"]["width"], 600.0);
        assert!(drawn["legend"].as_str().is_some_and(|legend| legend.contains("info: effect unknown")));
    }
}

//! Overload: three times the capacity of a path arrives, in the open model. It measures how much is still acknowledged,
//! how soon the rest fails, and the time to recover.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use benches::closed::{self, Until};
use benches::http::{HttpCaller, Question};
use benches::{BenchError, RunningSystem};
use clap::Args;
use faultline::load::PathTarget;
use faultline::measure::figures::LoadFigures;
use faultline::measure::{PhaseResult, Second, Tally};
use faultline::runner::load_only::trial::Trial;
use faultline::runner::progress::Tick;
use faultline::runner::targets::targets;
use faultline::scenario::{self, Schedule};
use tokio_util::sync::CancellationToken;

use crate::session::{self, Notes, SystemPlan};

/// Path with its request, and the link that bounds its capacity.
struct Case {
    path: &'static str,
    question: Question,
    slow: Option<(&'static str, Duration)>,
}

/// Paths with a bound. It is a slow link, since two cores can't send and reject three times the rate that they can serve;
/// passwords alone are slow enough to be bound by the cores.
const CASES: [Case; 4] = [
    Case {
        path: "log-grpc",
        question: Question::Log { route: "/grpc-logger", size: SIZE },
        slow: Some(("logger->mongo", Duration::from_millis(25))),
    },
    Case {
        path: "log-json",
        question: Question::Log { route: "/json-logger", size: SIZE },
        slow: Some(("logger->mongo", Duration::from_millis(25))),
    },
    Case {
        path: "log-amqp",
        question: Question::Log { route: "/rabbitmq-logger", size: SIZE },
        slow: Some(("broker->rabbitmq", Duration::from_millis(100))),
    },
    Case { path: "authenticate", question: Question::Authenticate, slow: None },
];

/// Connections that measure the capacity: more than the broker serves at once, and fewer than it lets wait.
const CONNECTIONS: usize = 1_000;

/// Bytes of the data of an entry.
const SIZE: usize = 256;

/// Seconds at half of the capacity, before and after the overload.
const CALM: u64 = 10;

/// The options of the verb.
#[derive(Args)]
pub(crate) struct OverloadVerb {
    /// Seconds of three times the capacity
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
}

impl OverloadVerb {
    pub(crate) fn perform(self) -> Result<ExitCode, BenchError> {
        let plan = SystemPlan { proxied: true, ..SystemPlan::default() };
        session::on_system("overload", plan, async |system, notes| {
            for case in &CASES {
                if let Some((link, latency)) = case.slow {
                    system.delay(link, Some(latency)).await;
                }
                overload(system, notes, case, self.seconds).await?;
                if let Some((link, _)) = case.slow {
                    system.delay(link, None).await;
                }
            }
            Ok(())
        })
    }
}

async fn overload(
    system: &RunningSystem,
    notes: &mut Notes,
    case: &Case,
    seconds: u64,
) -> Result<(), BenchError> {
    let broker = system.address("broker", 8080)?;
    let path = case.path;
    let callers = HttpCaller::many(CONNECTIONS, broker, &case.question).await?;
    // In the closed model, which finds the rate without a search: callers wait, so nothing piles up.
    let capacity = closed::run(callers, Until::Time(Duration::from_secs(10))).await?.rate();
    let name = |what: &str| format!("overload/{path}: {what}");
    notes.add(&name("capacity"), capacity, "/s");
    let schedule = schedule(path, capacity, seconds)?;
    let targets: BTreeMap<String, PathTarget> = targets(system.stack().topology(), system.stack())?;
    let run = format!("overload-{path}");
    let trial = Trial { run: &run, schedule: &schedule, targets: &targets, abort_if: &[] };
    let mut ticks = Vec::new();
    let mut keep = |tick: Tick| ticks.extend(tick.seconds);
    let measured = trial.conduct(&mut keep, &CancellationToken::new()).await?;
    let [before, during, after] = measured.phases.as_slice() else {
        return Err(format!("load: expected 3 stages, found {}", measured.phases.len()).into());
    };
    let figures = |phase: &PhaseResult, lasted: u64| {
        LoadFigures::new(phase.paths.get(path).unwrap_or(&Tally::fine()), lasted as f64)
    };
    let (calm, loaded, again) = (figures(before, CALM), figures(during, seconds), figures(after, CALM));
    notes.add(&name("offered"), loaded.offered_per_s, "/s");
    notes.add(&name("goodput"), loaded.ok_per_s, "/s");
    notes.add(&name("goodput of capacity"), loaded.ok_per_s / capacity, "");
    notes.add(&name("generator late"), loaded.lateness.share, "");
    notes.add(&name("dropped"), loaded.dropped as f64 / loaded.offered as f64, "");
    for (what, phase) in [("p99 before", &calm), ("p99 of what is accepted", &loaded), ("p99 after", &again)]
    {
        notes.add(&name(what), phase.from_sent.map_or(0.0, |quantiles| quantiles.p99), "ms");
    }
    // Quick refusals are the point of admission control: a client can go elsewhere.
    notes.add(&name("p99 of refusals"), loaded.not_ok.map_or(0.0, |quantiles| quantiles.p99), "ms");
    for node in ["broker", "logger", "listener", "authentication"] {
        notes.add(&name(&format!("peak memory of {node}")), system.peak_memory(node)?, "MiB");
    }
    notes.add(&name("recovered after"), recovered(&ticks, CALM + seconds) as f64, "s");
    Ok(())
}

/// Whole seconds from the end of the overload to the last one with an operation that was not ok.
fn recovered(seconds: &[Second], end: u64) -> u64 {
    let bad =
        seconds.iter().filter(|second| second.second >= end && second.tally.ok < second.tally.offered());
    bad.map(|second| second.second + 1 - end).max().unwrap_or(0)
}

fn schedule(path: &str, capacity: f64, seconds: u64) -> Result<Schedule, BenchError> {
    let phase = |lasts: u64, share: f64| {
        format!(
            "[[load]]\nfor = \"{lasts}s\"\nrates = {{ {path} = \"poisson {:.0}/s\" }}\n",
            capacity * share
        )
    };
    // Poisson arrivals, since evenly spaced ones hide how queues behave.
    let text = format!(
        "shows = \"overload\"\n[operations]\nin-flight = 4000\npayload = {SIZE}\n{}{}{}",
        phase(CALM, 0.5),
        phase(seconds, 3.0),
        phase(CALM, 0.5),
    );
    Ok(Schedule::derive("overload", &scenario::parse("overload", &text)?, 1))
}

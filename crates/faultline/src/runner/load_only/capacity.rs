//! Finds the highest rate that a path holds: trial after trial on one system.

use std::path::PathBuf;
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::system::{LoadTarget, SystemHandle};
use super::trial::{Trial, TrialMeasurement};
use crate::measure::capacity::{self, CapacityResult, TrialResult};
use crate::measure::search::{Next, Search, TrialVerdict};
use crate::measure::{Tally, Threshold};
use crate::runner::error::RunError;
use crate::runner::folder::RunFolder;
use crate::runner::machine;
use crate::runner::progress::Listener;
use crate::scenario::duration::Span;
use crate::scenario::rate::Rate;
use crate::scenario::{ArrivalRate, ArrivalStream, Arrivals, Schedule};

/// Time before a trial that is not measured.
const WARM_UP: Span = Span::from_secs(1);

/// Duration of a confirmation, as a multiple of a trial's.
const LONGER: u64 = 2;

/// Least number of arrivals in a trial, on average.
// Poisson arrivals may leave a short trial without any, which would be judged as a failure.
const ARRIVALS: f64 = 20.0;

/// Longest time that a backlog may take to drain, or its share of the trial, whichever is more; a longer one would
/// grow.
const DRAINS_WITHIN: (Duration, f64) = (Duration::from_secs(1), 0.1);

/// Longest wait for a backlog, after which the next trial begins anyway.
const LONGEST_DRAIN: Duration = Duration::from_secs(120);

/// Rates of a search, in arrivals per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SearchRates {
    /// Rate of the first trial.
    pub start: f64,
    /// Lowest rate to try.
    pub lowest: f64,
    /// Highest rate to try.
    pub highest: f64,
}

/// Options of a search for a capacity.
#[derive(Debug, Clone)]
pub struct CapacityOptions {
    /// Path to load.
    pub path: String,
    /// SLO: thresholds that must hold.
    pub slo: Vec<Threshold>,
    /// Rates to try.
    pub rates: SearchRates,
    /// Duration that a trial is measured for.
    pub trial: Span,
    /// Schedule with all else that every trial shares; its streams are not used.
    pub schedule: Schedule,
    /// Target of the load.
    pub target: LoadTarget,
    /// Folder that holds the folders of runs.
    pub runs: PathBuf,
}

/// Searches for the capacity, and reports each trial.
///
/// # Errors
/// [`RunError`] where nothing was measured; whatever was started is stopped then too.
pub async fn capacity(
    options: CapacityOptions,
    mut listener: Box<dyn Listener>,
    report: &mut (dyn FnMut(&TrialResult) + Send),
    cancel: CancellationToken,
) -> Result<(CapacityResult, RunFolder), RunError> {
    let folder = RunFolder::create(&options.runs, "capacity", &options.path)?;
    let searched = on_system(&options, &folder, listener.as_mut(), report, &cancel).await;
    listener.end();
    folder.remove_data()?;
    let result = searched?;
    folder.write_json("capacity.json", &result)?;
    Ok((result, folder))
}

async fn on_system(
    options: &CapacityOptions,
    folder: &RunFolder,
    listener: &mut dyn Listener,
    report: &mut (dyn FnMut(&TrialResult) + Send),
    cancel: &CancellationToken,
) -> Result<CapacityResult, RunError> {
    let started = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
    let system = SystemHandle::ready(&options.target, &options.schedule, folder, listener, cancel).await?;
    let searched = search(options, folder.run().as_str(), &system, report, cancel).await;
    let aimed_at = system.description.clone();
    system.end(listener).await;
    let (trials, found) = searched?;
    Ok(CapacityResult {
        version: capacity::VERSION,
        run: folder.run().to_string(),
        faultline: env!("CARGO_PKG_VERSION").to_owned(),
        started,
        aimed_at,
        path: options.path.clone(),
        slo: options.slo.iter().map(ToString::to_string).collect(),
        seed: options.schedule.seed,
        trials,
        found,
        environment: tokio::task::spawn_blocking(machine::facts).await.unwrap_or_default(),
    })
}

async fn search(
    options: &CapacityOptions,
    run: &str,
    system: &SystemHandle,
    report: &mut (dyn FnMut(&TrialResult) + Send),
    cancel: &CancellationToken,
) -> Result<(Vec<TrialResult>, Option<capacity::SearchResult>), RunError> {
    let SearchRates { start, lowest, highest } = options.rates;
    let mut search = Search::new(start, lowest, highest);
    let mut trials = Vec::new();
    loop {
        let (rate, lasts, confirms) = match search.next() {
            Next::Try(rate) => (rate, options.trial, false),
            // Confirmed by a longer trial, since a short one may hold by luck.
            Next::Confirm { rate, .. } => (rate, Span::from_micros(options.trial.micros() * LONGER), true),
            Next::Over(found) => return Ok((trials, Some(found))),
        };
        let lasts = lasts.max(Span::from_micros((ARRIVALS / rate * 1e6) as u64));
        // Each trial has ids of its own, so that a late entry of one is not counted in the next.
        let run = format!("{run}t{}", trials.len());
        let trial = conduct_trial(options, &run, system, (rate, lasts, confirms), cancel).await?;
        // An interrupted trial is left out: its figures are of a shorter time.
        if cancel.is_cancelled() {
            return Ok((trials, None));
        }
        report(&trial);
        search.went(trial.held);
        trials.push(trial);
    }
}

async fn conduct_trial(
    options: &CapacityOptions,
    run: &str,
    system: &SystemHandle,
    (rate, lasts, confirms): (f64, Span, bool),
    cancel: &CancellationToken,
) -> Result<TrialResult, RunError> {
    let schedule = schedule(options, rate, lasts);
    let trial = Trial { run, schedule: &schedule, targets: &system.targets, abort_if: &[] };
    let TrialMeasurement { mut phases, .. } = trial.conduct(&mut |_| {}, cancel).await?;
    // The last stage is the measured one; the first is the warm-up.
    let tally =
        phases.pop().and_then(|mut phase| phase.paths.remove(&options.path)).unwrap_or_else(Tally::fine);
    // A rate holds only if the queues can keep up with it: acknowledged work that piles up is no capacity.
    let drained = drain(system, cancel).await;
    let (mut held, mut why) = capacity::judge(&options.slo, &tally);
    let allowed = DRAINS_WITHIN.0.max(lasts.duration().mul_f64(DRAINS_WITHIN.1));
    if let Some(drained) = drained.filter(|drained| held == TrialVerdict::Yes && *drained > allowed) {
        held = TrialVerdict::No;
        why = Some(format!("the queues took {:.1} s to drain", drained.as_secs_f64()));
    }
    let drained_ms = drained.map(|drained| u64::try_from(drained.as_millis()).unwrap_or(u64::MAX));
    Ok(TrialResult { rate, lasted: lasts, confirms, held, why, tally, drained_ms })
}

/// Waits until all queues are empty, and returns the time that took; none if a queue can't be read.
async fn drain(system: &SystemHandle, cancel: &CancellationToken) -> Option<Duration> {
    let begun = Instant::now();
    // The next trial must not begin with the backlog of this one. Where a queue can't be read,
    // answers alone decide.
    while system.queued().await? > 0 && begun.elapsed() < LONGEST_DRAIN && !cancel.is_cancelled() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Some(begun.elapsed())
}

/// Makes two stages of the same rate: one to warm up, and one that is measured.
fn schedule(options: &CapacityOptions, rate: f64, lasts: Span) -> Schedule {
    let rate = Rate::of(rate);
    let stream = |from: Span, until: Span, number: u64| ArrivalStream {
        path: options.path.clone(),
        from,
        until,
        arrivals: Arrivals::Paced {
            rate: ArrivalRate {
                // As the arrivals of many people are: evenly spaced ones seldom wait for each other, which
                // would flatter the system.
                spacing: crate::scenario::arrival_rate::Spacing::Poisson,
                ..ArrivalRate::constant(rate)
            },
            offset: Span::ZERO,
            // Of its own, or both stages would have the same gaps.
            seed: options.schedule.seed.wrapping_add(number),
        },
    };
    let end = Span::from_micros(WARM_UP.micros() + lasts.micros());
    // The first seconds pay for connections and cold caches, so they are not measured.
    let streams = vec![stream(Span::ZERO, WARM_UP, 0), stream(WARM_UP, end, 1)];
    Schedule { streams, ..options.schedule.clone() }
}

//! Finds the highest rate that a path holds: trial after trial on one system.

use std::path::PathBuf;
use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::error::RunError;
use super::folder::RunFolder;
use super::machine;
use super::progress::Listener;
use super::system::{Aim, System};
use super::trial::{Measured, Trial};
use crate::measure::capacity::{self, CapacityResult, TrialResult};
use crate::measure::search::{Next, Search, TrialVerdict};
use crate::measure::{Tally, Threshold};
use crate::scenario::arrival_rate::Spacing;
use crate::scenario::duration::Span;
use crate::scenario::rate::Rate;
use crate::scenario::{ArrivalRate, ArrivalStream, Arrivals, Schedule};

/// What comes before a trial and is not measured.
const WARM_UP: Span = Span::from_secs(1);

/// A confirmation lasts this many times as long as a trial.
const LONGER: u64 = 2;

/// A trial lasts at least as long as this many arrivals take on average: of none at all nothing could be said.
const ARRIVALS: f64 = 20.0;

/// A backlog may take this long to drain, or this share of the trial, whichever is more; else it would have grown.
const DRAINS_WITHIN: (Duration, f64) = (Duration::from_secs(1), 0.1);

/// How long a backlog is waited for before the next trial begins anyway.
const LONGEST_DRAIN: Duration = Duration::from_secs(120);

/// What to search, and how.
#[derive(Debug, Clone)]
pub struct CapacityOptions {
    /// The path.
    pub path: String,
    /// What must hold.
    pub objective: Vec<Threshold>,
    /// Where the search begins, the lowest and the highest rate that it tries, in arrivals a second.
    pub rates: (f64, f64, f64),
    /// How long a trial is measured.
    pub trial: Span,
    /// What else is the same in every trial; its streams are not looked at.
    pub schedule: Schedule,
    /// What is loaded.
    pub aim: Aim,
    /// The folder that holds the folders of runs.
    pub runs: PathBuf,
}

/// Searches, and tells of each trial.
///
/// # Errors
/// [`RunError`] where nothing was measured; whatever was started is ended then too.
pub async fn capacity(
    options: CapacityOptions,
    mut listener: Box<dyn Listener>,
    told: &mut (dyn FnMut(&TrialResult) + Send),
    cancel: CancellationToken,
) -> Result<(CapacityResult, RunFolder), RunError> {
    let folder = RunFolder::create(&options.runs, "capacity", &options.path)?;
    let searched = on_system(&options, &folder, listener.as_mut(), told, &cancel).await;
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
    told: &mut (dyn FnMut(&TrialResult) + Send),
    cancel: &CancellationToken,
) -> Result<CapacityResult, RunError> {
    let started = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
    let system = System::ready(&options.aim, &options.schedule, folder, listener, cancel).await?;
    let searched = search(options, folder.run().as_str(), &system, told, cancel).await;
    let aimed_at = system.told.clone();
    system.end(listener).await;
    let (trials, found) = searched?;
    Ok(CapacityResult {
        version: capacity::VERSION,
        run: folder.run().to_string(),
        faultline: env!("CARGO_PKG_VERSION").to_owned(),
        started,
        aimed_at,
        path: options.path.clone(),
        objective: options.objective.iter().map(ToString::to_string).collect(),
        seed: options.schedule.seed,
        trials,
        found,
        environment: tokio::task::spawn_blocking(machine::facts).await.unwrap_or_default(),
    })
}

async fn search(
    options: &CapacityOptions,
    run: &str,
    system: &System,
    told: &mut (dyn FnMut(&TrialResult) + Send),
    cancel: &CancellationToken,
) -> Result<(Vec<TrialResult>, Option<capacity::SearchResult>), RunError> {
    let (start, lowest, highest) = options.rates;
    let mut search = Search::new(start, lowest, highest);
    let mut trials = Vec::new();
    loop {
        let (rate, lasts, confirms) = match search.next() {
            Next::Try(rate) => (rate, options.trial, false),
            Next::Confirm { rate, .. } => (rate, Span::from_micros(options.trial.micros() * LONGER), true),
            Next::Over(found) => return Ok((trials, Some(found))),
        };
        let lasts = lasts.max(Span::from_micros((ARRIVALS / rate * 1e6) as u64));
        // Ids of entries are of one trial.
        let run = format!("{run}t{}", trials.len());
        let trial = one(options, &run, system, (rate, lasts, confirms), cancel).await?;
        if cancel.is_cancelled() {
            return Ok((trials, None));
        }
        told(&trial);
        search.went(trial.held);
        trials.push(trial);
    }
}

async fn one(
    options: &CapacityOptions,
    run: &str,
    system: &System,
    (rate, lasts, confirms): (f64, Span, bool),
    cancel: &CancellationToken,
) -> Result<TrialResult, RunError> {
    let schedule = schedule(options, rate, lasts);
    let trial = Trial { run, schedule: &schedule, targets: &system.targets, abort_if: &[] };
    let Measured { mut phases, .. } = trial.conduct(&mut |_| {}, cancel).await?;
    let tally =
        phases.pop().and_then(|mut phase| phase.paths.remove(&options.path)).unwrap_or_else(Tally::fine);
    let drained = drain(system, cancel).await;
    let (mut held, mut why) = capacity::judge(&options.objective, &tally);
    let allowed = DRAINS_WITHIN.0.max(lasts.duration().mul_f64(DRAINS_WITHIN.1));
    if let Some(drained) = drained.filter(|drained| held == TrialVerdict::Yes && *drained > allowed) {
        held = TrialVerdict::No;
        why = Some(format!("what waited in queues took {:.1} s to drain", drained.as_secs_f64()));
    }
    let drained_ms = drained.map(|drained| u64::try_from(drained.as_millis()).unwrap_or(u64::MAX));
    Ok(TrialResult { rate, lasted: lasts, confirms, held, why, tally, drained_ms })
}

/// Waits until nothing waits in a queue, and says how long that took; none where queues can't be seen.
async fn drain(system: &System, cancel: &CancellationToken) -> Option<Duration> {
    let begun = Instant::now();
    while system.waiting().await? > 0 && begun.elapsed() < LONGEST_DRAIN && !cancel.is_cancelled() {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Some(begun.elapsed())
}

/// Two phases of the same rate: one to warm up, and one that is measured.
fn schedule(options: &CapacityOptions, rate: f64, lasts: Span) -> Schedule {
    let rate = Rate::of(rate);
    let stream = |from: Span, until: Span, number: u64| ArrivalStream {
        path: options.path.clone(),
        from,
        until,
        arrivals: Arrivals::Paced {
            rate: ArrivalRate { spacing: Spacing::Poisson, ..ArrivalRate::constant(rate) },
            offset: Span::ZERO,
            seed: options.schedule.seed.wrapping_add(number),
        },
    };
    let end = Span::from_micros(WARM_UP.micros() + lasts.micros());
    let streams = vec![stream(Span::ZERO, WARM_UP, 0), stream(WARM_UP, end, 1)];
    Schedule { streams, ..options.schedule.clone() }
}

//! Progress of a run on standard error: one live line on a terminal, plain lines elsewhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output;
use crate::history::{Event, Evidence, FaultStage};
use crate::measure::Tally;
use crate::runner::progress::Tick;
use crate::runner::{Listener, LiveTimeline, Progress, Stage};
use crate::scenario::Schedule;
use crate::stack::Starting;
use crate::timeline::{Counts, Timeline};

/// Interval between plain lines with rates, in microseconds.
// Plain lines stay in a log, so they are few.
const RATES_EVERY: i64 = 5_000_000;

/// Progress of a run on standard error.
pub struct Display {
    bar: Option<ProgressBar>,
    schedule: Option<Box<Schedule>>,
    timeline: LiveTimeline,
    /// Time of the last plain line with rates, in microseconds after the start of the load.
    // By the clock of the history, which starts when the first operation is due.
    rates_shown: i64,
    /// Counts of that line.
    counts_shown: Counts,
}

impl Display {
    /// Creates a live line for a terminal, plain lines otherwise.
    #[must_use]
    pub fn new(terminal: bool) -> Self {
        let bar = terminal.then(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(10));
            let style = ProgressStyle::with_template("{spinner} {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Self {
            bar,
            schedule: None,
            timeline: LiveTimeline::default(),
            rates_shown: 0,
            counts_shown: Counts::default(),
        }
    }

    /// Prints a line that stays.
    fn line(&self, line: &str) {
        match &self.bar {
            // The bar leaves the screen meanwhile, or each line would leave a copy of it behind.
            Some(bar) => bar.suspend(|| output::note(line)),
            None => output::note(line),
        }
    }

    /// Replaces the live line; plain lines would repeat it endlessly in a log.
    fn show_now(&self, text: String) {
        if let Some(bar) = &self.bar {
            bar.set_message(text);
        }
    }

    fn event(&mut self, event: &Event) {
        match event {
            // No timer of its own: without an end of an operation there is nothing new to show.
            Event::Settle(settled) => self.rates(settled.at),
            Event::Fault { index, stage, at, evidence } => self.fault(*index, *stage, *at, evidence),
            Event::Node { node, at, change } => {
                self.line(&format!("{} {}", clock(*at), change.describe(node)));
            }
            Event::Stop(stop) if stop.is_in_order() != Some(true) => self.line(&stop.to_string()),
            Event::Amend { schedule, .. } => self.schedule = Some(schedule.clone()),
            Event::LoadEnded { at } => self.line(&format!("{} load ended", clock(*at))),
            Event::Drain { missing: Some(missing), done: false, .. } => {
                self.show_now(format!("draining: {missing} acknowledged entries not stored yet"));
            }
            Event::Unobserved { store, reason } => {
                self.line(&format!("store {store} cannot be read: {reason}"))
            }
            _ => {}
        }
    }

    fn fault(&self, index: usize, stage: FaultStage, at: i64, evidence: &[Evidence]) {
        // The stage active follows at once and has the evidence.
        if stage == FaultStage::Begin {
            return;
        }
        let name = self.timeline.read(|timeline| timeline.faults.name(index)).unwrap_or_default();
        self.line(&format!("{} {}", clock(at), stage.describe(&name)));
        for evidence in evidence {
            let missing = if evidence.shown { "" } else { "NO EVIDENCE: " };
            self.line(&format!("{:10}{missing}{}", "", evidence.what));
        }
    }

    fn rates(&mut self, at: i64) {
        if self.bar.is_some() {
            let ends = self.schedule.as_ref().map_or(0, |schedule| schedule.ends() / 1_000_000);
            let line = self.timeline.read(|timeline| live_line(timeline, at, ends));
            return self.show_now(line.unwrap_or_default());
        }
        if at - self.rates_shown < RATES_EVERY {
            return;
        }
        let counts = self.timeline.read(|timeline| timeline.counts).unwrap_or_default();
        let seconds = (at - self.rates_shown) as f64 / 1_000_000.0;
        let rate =
            |count: fn(&Counts) -> u64| rate((count(&counts) - count(&self.counts_shown)) as f64 / seconds);
        let (ok, fail, info) =
            (rate(|counts| counts.ok), rate(|counts| counts.fail), rate(|counts| counts.info));
        self.line(&format!("{} ok {ok}  fail {fail}  info {info}", clock(at)));
        self.rates_shown = at;
        self.counts_shown = counts;
    }
}

/// Formats the live line of a terminal: time, counts and active faults.
fn live_line(timeline: &Timeline, at: i64, ends: u64) -> String {
    let Counts { ok, fail, info, dropped, .. } = timeline.counts;
    let windows = timeline.faults.windows().iter().filter(|window| window.ready.is_none() && !window.broken);
    let active: Vec<&str> = windows.map(|window| window.name.as_str()).collect();
    let active = if active.is_empty() { String::new() } else { format!("  | {}", active.join(", ")) };
    format!("{} of {ends} s  ok {ok}  fail {fail}  info {info}  dropped {dropped}{active}", clock(at))
}

impl Listener for Display {
    fn on(&mut self, progress: &Progress) {
        match progress {
            Progress::Begins { folder, provider, nodes, schedule, timeline } => {
                self.timeline = timeline.clone();
                self.counts_shown = Counts::default();
                self.line(&format!("{}: {}", schedule.scenario, schedule.shows));
                self.line(&format!("run folder: {}", folder.display()));
                self.line(&format!("provider: {provider}"));
                if *nodes > 0 {
                    self.line(&format!("starting {nodes} nodes"));
                    self.show_now("starting".to_owned());
                }
                self.schedule = Some(schedule.clone());
            }
            Progress::Starting(Starting::Started(_)) => {}
            Progress::Starting(Starting::Ready(node, after)) => {
                self.line(&format!("  {node} ready after {:.1} s", after.as_secs_f64()));
            }
            Progress::StackReady(after) => {
                self.line(&format!("system ready after {:.1} s", after.as_secs_f64()))
            }
            Progress::Stage(stage) => self.stage(*stage),
            Progress::History(event) => self.event(event),
            Progress::Tick(tick) => self.tick(tick),
            Progress::Sample(_) | Progress::Stored(_) => {}
        }
    }

    fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Display {
    /// Shows a second of a load without a history.
    fn tick(&mut self, tick: &Tick) {
        if tick.last.is_empty() {
            return;
        }
        let path = |(path, tally): (&String, &Tally)| {
            let p99 = tally.from_due.quantile(0.99);
            let p99 = p99.map_or_else(String::new, |micros| format!(" p99 {:.1} ms", micros as f64 / 1000.0));
            let failed = tally.offered() - tally.ok;
            let failed = if failed > 0 { format!(" not ok {failed}") } else { String::new() };
            format!("{path} {}/s{failed}{p99}", tally.ok)
        };
        let paths: Vec<String> = tick.last.iter().map(path).collect();
        // Whole seconds: a tick comes some milliseconds late, and one that comes earlier would lose its line.
        let at = i64::try_from(tick.at.as_secs() * 1_000_000).unwrap_or(i64::MAX);
        let line = format!("{} {}", clock(at), paths.join("  "));
        if self.bar.is_some() {
            self.show_now(line);
        } else if at - self.rates_shown >= RATES_EVERY {
            self.rates_shown = at;
            self.line(&line);
        }
    }

    fn stage(&mut self, stage: Stage) {
        let text = match stage {
            Stage::Load => {
                self.rates_shown = 0;
                let ends = self.schedule.as_ref().map_or(0, |schedule| schedule.ends() / 1_000_000);
                format!("load for {ends} s; times in [ ] are seconds after its start")
            }
            Stage::Judge => return,
            stage => stage.describe().to_owned(),
        };
        self.line(&text);
        self.show_now(text);
    }
}

/// Formats a rate; a small one with a decimal, so that it is not taken for none.
fn rate(per_second: f64) -> String {
    if per_second > 0.0 && per_second < 0.05 {
        return "<0.1/s".to_owned();
    }
    let decimals = usize::from(per_second > 0.0 && per_second < 9.95);
    format!("{per_second:.decimals$}/s")
}

/// Formats a time of the run, in seconds after the start of the load.
fn clock(micros: i64) -> String {
    format!("[{:>5.1} s]", micros as f64 / 1_000_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_rate_is_not_taken_for_none() {
        let cases =
            [(0.0, "0/s"), (0.04, "<0.1/s"), (0.2, "0.2/s"), (9.94, "9.9/s"), (9.96, "10/s"), (50.0, "50/s")];
        for (given, expected) in cases {
            assert_eq!(rate(given), expected);
        }
    }
}

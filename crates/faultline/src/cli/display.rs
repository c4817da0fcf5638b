//! Progress of a run on standard error: one live line on a terminal, plain lines elsewhere.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::history::event::fault_name;
use crate::history::{Event, Evidence, FaultStage, Outcome};
use crate::measure::Tally;
use crate::runner::trial::Tick;
use crate::runner::{Listener, Progress, Stage};
use crate::scenario::Schedule;
use crate::stack::Starting;

/// How often plain lines tell the rates.
const RATES_EVERY: Duration = Duration::from_secs(5);

/// Whether an error of printing only says that the reader has gone.
#[must_use]
pub fn nobody_reads(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::BrokenPipe
}

/// Shows progress.
pub struct Display {
    bar: Option<ProgressBar>,
    schedule: Option<Box<Schedule>>,
    counts: Counts,
    acting: BTreeMap<usize, String>,
    rates_told: Instant,
    counts_told: Counts,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    ok: u64,
    fail: u64,
    info: u64,
    dropped: u64,
}

impl Display {
    /// A live line if `terminal`, else plain lines.
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
            counts: Counts::default(),
            acting: BTreeMap::new(),
            rates_told: Instant::now(),
            counts_told: Counts::default(),
        }
    }

    /// A line that stays.
    fn line(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{line}")),
            None => eprintln!("{line}"),
        }
    }

    /// What goes on right now; only on a terminal.
    fn now(&self, text: String) {
        if let Some(bar) = &self.bar {
            bar.set_message(text);
        }
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::Settle(settled) => {
                match settled.outcome {
                    Outcome::Ok => self.counts.ok += 1,
                    Outcome::Fail => self.counts.fail += 1,
                    Outcome::Info => self.counts.info += 1,
                }
                self.rates(settled.at);
            }
            Event::Drop { .. } => self.counts.dropped += 1,
            Event::Fault { index, stage, at, evidence } => self.fault(*index, *stage, *at, evidence),
            Event::Node { node, at, change } => {
                self.line(&format!("{} {}", clock(*at), change.told(node)));
            }
            Event::Amend { schedule, .. } => self.schedule = Some(schedule.clone()),
            Event::LoadEnded { at } => self.line(&format!("{} load over", clock(*at))),
            Event::Drain { missing: Some(missing), done: false, .. } => {
                self.now(format!("draining: {missing} acknowledged entries not stored yet"));
            }
            Event::Unobserved { store, reason } => {
                self.line(&format!("the store {store} can't be read: {reason}"))
            }
            _ => {}
        }
    }

    fn fault(&mut self, index: usize, stage: FaultStage, at: i64, evidence: &[Evidence]) {
        let planned = self.schedule.as_ref().and_then(|schedule| schedule.faults.get(index));
        let name =
            planned.map_or_else(|| format!("fault {index}"), |fault| fault_name(fault.kind, &fault.target));
        let seen: Vec<String> = evidence
            .iter()
            .map(|seen| if seen.shown { seen.what.clone() } else { format!("NOT seen: {}", seen.what) })
            .collect();
        let seen = if seen.is_empty() { String::new() } else { format!(": {}", seen.join("; ")) };
        let told = match stage {
            FaultStage::Begin => return drop(self.acting.insert(index, name)),
            FaultStage::Active => format!("FAULT {name}{seen}"),
            FaultStage::Undo => format!("undoing {name}"),
            FaultStage::Undone => format!("undone {name}{seen}"),
            FaultStage::Ready => format!("all nodes ready after {name}"),
            FaultStage::Broken => format!("fault {name} is broken{seen}"),
        };
        if matches!(stage, FaultStage::Ready | FaultStage::Broken) {
            self.acting.remove(&index);
        }
        self.line(&format!("{} {told}", clock(at)));
    }

    fn rates(&mut self, at: i64) {
        let Counts { ok, fail, info, dropped } = self.counts;
        if self.bar.is_some() {
            let ends = self.schedule.as_ref().map_or(0, |schedule| schedule.ends() / 1_000_000);
            let acting: Vec<&str> = self.acting.values().map(String::as_str).collect();
            let acting = if acting.is_empty() { String::new() } else { format!("  | {}", acting.join(", ")) };
            let line = format!(
                "{} of {ends} s  ok {ok}  fail {fail}  info {info}  dropped {dropped}{acting}",
                clock(at)
            );
            return self.now(line);
        }
        if self.rates_told.elapsed() >= RATES_EVERY {
            let seconds = self.rates_told.elapsed().as_secs_f64();
            let a_second = |now: u64, then: u64| (now - then) as f64 / seconds;
            let then = self.counts_told;
            let line = format!(
                "{} ok {:.0}/s  fail {:.0}/s  info {:.0}/s",
                clock(at),
                a_second(ok, then.ok),
                a_second(fail, then.fail),
                a_second(info, then.info)
            );
            self.line(&line);
            self.rates_told = Instant::now();
            self.counts_told = self.counts;
        }
    }
}

impl Listener for Display {
    fn on(&mut self, progress: &Progress) {
        match progress {
            Progress::Begins { folder, provider, nodes, schedule } => {
                self.line(&format!("{}: {}", schedule.scenario, schedule.shows));
                self.line(&format!("run folder: {}", folder.display()));
                self.line(&format!("system: {provider}"));
                if *nodes > 0 {
                    self.line(&format!("starting {nodes} nodes"));
                    self.now("starting".to_owned());
                }
                self.schedule = Some(schedule.clone());
            }
            Progress::Starting(Starting::Started(_)) => {}
            Progress::Starting(Starting::Ready(node, after)) => {
                self.line(&format!("  {node} ready after {:.1} s", after.as_secs_f64()));
            }
            Progress::StackReady(after) => {
                self.line(&format!("stack ready after {:.1} s", after.as_secs_f64()))
            }
            Progress::Stage(stage) => self.stage(*stage),
            Progress::History(event) => self.event(event),
            Progress::Tick(tick) => self.tick(tick),
            Progress::Sample(_) | Progress::Stored(_) | Progress::Hands(_) => {}
        }
    }

    fn end(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

impl Display {
    /// A second of a load without a history.
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
        let line = format!("{} {}", clock(i64::try_from(tick.at.as_micros()).unwrap_or(0)), paths.join("  "));
        if self.bar.is_some() {
            self.now(line);
        } else if self.rates_told.elapsed() >= RATES_EVERY {
            self.rates_told = Instant::now();
            self.line(&line);
        }
    }

    fn stage(&mut self, stage: Stage) {
        let told = match stage {
            Stage::Load => {
                self.rates_told = Instant::now();
                let ends = self.schedule.as_ref().map_or(0, |schedule| schedule.ends() / 1_000_000);
                format!("load for {ends} s")
            }
            Stage::GoOn => "not every path works again: the load goes on".to_owned(),
            Stage::Settle => "healing what acts, and looking whether everything works again".to_owned(),
            Stage::Drain => "waiting until all that was acknowledged is stored".to_owned(),
            Stage::Observe => "reading the stores".to_owned(),
            Stage::Shutdown => "ending the stack".to_owned(),
            Stage::Judge => return,
        };
        self.line(&told);
        self.now(told);
    }
}

/// The time of a run: seconds after the start of the load.
fn clock(micros: i64) -> String {
    format!("[{:>5.1} s]", micros as f64 / 1_000_000.0)
}

//! Seconds added up to bars, so that a long run is drawn as quickly as a short one.

use faultline_model::timeline::{Counts, FaultWindow, PathSecond, SecondCounts};

/// Bars of a chart, at most.
// The live lab sends each chart twice a second, so a drawing must stay small.
const MOST: u64 = 150;

/// Seconds that a chart of a live run shows at least.
const SHORTEST: f64 = 10.0;

/// First second of a chart that begins later than its load: the seconds before were forgotten.
const FORGOTTEN: u64 = 60;

/// Longest plan in seconds that a chart of a live run shows from its beginning.
const SHORT_PLAN: f64 = 120.0;

/// The time that a chart shows, in seconds after the start of the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeSpan {
    /// Begin of the axis.
    pub from: u64,
    /// End of the axis.
    pub until: u64,
    /// End of the time of which all is known.
    pub known: u64,
    /// Seconds of a bar.
    pub bar: u64,
}

/// Operations of one path that were due in the seconds of one bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// First second.
    pub from: u64,
    /// Number of seconds.
    pub seconds: u64,
    /// Counts by outcome.
    pub counts: Counts,
    /// Mean of the seconds' medians, in milliseconds.
    pub p50: Option<f64>,
    /// Highest 99th percentile of a second, in milliseconds.
    pub p99: Option<f64>,
    /// Longest latency, in milliseconds.
    pub max: Option<f64>,
    medians: u64,
}

impl TimeSpan {
    /// Spans a run that is over: its load, and its faults until the system was ready again. `planned` is the end of the
    /// schedule in seconds, for a run in which nothing was sent.
    #[must_use]
    pub fn finished(seconds: &[SecondCounts], faults: &[FaultWindow], planned: f64) -> Self {
        let sent = seconds.last().map(|second| second.second + 1);
        let ends = faults.iter().filter_map(|fault| fault.ready.or(fault.heal));
        let healed = ends.map(|at| u64::try_from(at).unwrap_or(0).div_ceil(1_000_000)).max().unwrap_or(0);
        // The schedule of a run that was interrupted is longer than the run.
        let until = sent.map_or(planned.ceil() as u64, |sent| sent.max(healed)).max(1);
        Self::new(first(seconds), until, until)
    }

    /// Spans a run that goes on. `planned` is the end of its load in seconds; none if a person ends it.
    #[must_use]
    pub fn live(seconds: &[SecondCounts], planned: Option<f64>) -> Self {
        let from = first(seconds);
        // Operations still become due in the last second.
        let known = seconds.last().map_or(0, |second| second.second);
        let so_far = (known + 1 - from) as f64;
        // A chart of a long plan would be empty for most of the run.
        let room = planned.map(|end| end - from as f64).filter(|end| *end <= SHORT_PLAN.max(so_far * 1.5));
        let shown = room.unwrap_or(0.0).max(so_far + 1.0).max(SHORTEST);
        // The end moves in steps, since an axis that moves each second can't be read.
        let step = if room.is_some() { 1.0 } else { (shown / 10.0).ceil() };
        Self::new(from, from + ((shown / step).ceil() * step) as u64, known)
    }

    fn new(from: u64, until: u64, known: u64) -> Self {
        let bar = (until - from).div_ceil(MOST).max(1);
        // Bars keep their place while the first seconds are forgotten.
        Self { from: from / bar * bar, until, known, bar }
    }
}

/// Returns the beginning of the axis.
fn first(seconds: &[SecondCounts]) -> u64 {
    // The first operation of a slow load is due some seconds after the start.
    seconds.first().map(|second| second.second).filter(|first| *first >= FORGOTTEN).unwrap_or(0)
}

/// Adds up the bars of a path, in order; seconds in which nothing was due have none.
#[must_use]
pub fn bars(path: &str, seconds: &[SecondCounts], span: TimeSpan) -> Vec<Bar> {
    let mut bars: Vec<Bar> = Vec::new();
    for second in seconds.iter().filter(|second| (span.from..span.known).contains(&second.second)) {
        let Some(figures) = second.paths.get(path) else { continue };
        let from = second.second / span.bar * span.bar;
        match bars.last_mut() {
            Some(last) if last.from == from => last.add(figures),
            _ => bars.push(Bar::new(from, span, figures)),
        }
    }
    bars
}

impl Bar {
    fn new(from: u64, span: TimeSpan, first: &PathSecond) -> Self {
        let seconds = (from + span.bar).min(span.known.max(from + 1)) - from;
        let counts = Counts::default();
        let mut bar = Self { from, seconds, counts, p50: None, p99: None, max: None, medians: 0 };
        bar.add(first);
        bar
    }

    fn add(&mut self, second: &PathSecond) {
        let (sum, counts) = (&mut self.counts, &second.counts);
        sum.offered += counts.offered;
        sum.ok += counts.ok;
        sum.fail += counts.fail;
        sum.info += counts.info;
        sum.dropped += counts.dropped;
        if let Some(p50) = second.p50 {
            // Quantiles can't be added up. The mean of medians is close to the median of all; of p99 and
            // max the worst is kept, so that no peak disappears in a wide bar.
            let before = self.p50.unwrap_or(0.0) * self.medians as f64;
            self.medians += 1;
            self.p50 = Some((before + p50) / self.medians as f64);
        }
        let highest = |a: Option<f64>, b: Option<f64>| a.into_iter().chain(b).reduce(f64::max);
        self.p99 = highest(self.p99, second.p99);
        self.max = highest(self.max, second.max);
    }

    /// Returns a count as a rate per second.
    #[must_use]
    pub fn rate(&self, count: u64) -> f64 {
        count as f64 / self.seconds as f64
    }

    /// Writes the seconds of the bar, like `second 3` or `seconds 4 to 5`.
    #[must_use]
    pub fn when(&self) -> String {
        match self.seconds {
            1 => format!("second {}", self.from),
            more => format!("seconds {} to {}", self.from, self.from + more - 1),
        }
    }
}

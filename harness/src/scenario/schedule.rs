//! The exact actions of one run, derived from a scenario and a seed, byte for byte the same each time.

use std::collections::BTreeMap;

use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::duration::Span;
use super::format::{Expectations, FaultKind, Scenario};
use super::rate::Rate;

/// The version of the file.
pub const VERSION: u32 = 1;

/// The exact actions of one run; `schedule.json` in its folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// [`VERSION`].
    pub version: u32,
    /// The name of the scenario.
    pub scenario: String,
    /// What it shows.
    pub shows: String,
    /// Decides everything that is random.
    pub seed: u64,
    /// Time that each operation may take.
    pub timeout: Span,
    /// Length of the data of an entry, in bytes.
    pub payload: u32,
    /// Operations that may be under way at once.
    pub in_flight: u32,
    /// Streams of arrivals.
    pub streams: Vec<Stream>,
    /// Faults in the order of their times.
    pub faults: Vec<PlannedFault>,
    /// What must hold.
    pub expect: Expectations<String>,
}

/// Arrivals on one path at one rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stream {
    /// The path.
    pub path: String,
    /// The rate.
    pub rate: Rate,
    /// From here on, after the start of the load.
    pub from: Span,
    /// Until here.
    pub until: Span,
    /// Shifts every arrival of the stream, so that streams do not beat in step; less than an interval.
    pub offset: Span,
}

/// One fault with its times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedFault {
    /// What is done.
    pub kind: FaultKind,
    /// The node or link.
    pub target: String,
    /// When, after the start of the load.
    pub at: Span,
    /// When it is undone.
    pub until: Span,
    /// Delay of a latency.
    pub latency: Span,
    /// Jitter of a latency.
    pub jitter: Span,
    /// Decides what is random about it.
    pub seed: u64,
}

/// One operation that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// When, in microseconds after the start of the load.
    pub due: u64,
    /// Which stream of the schedule it belongs to.
    pub stream: usize,
    /// Its number in the whole run, from 0, in the order of the due times.
    pub number: u64,
}

impl Schedule {
    /// Derives the schedule of one run.
    #[must_use]
    pub fn derive(name: &str, scenario: &Scenario, seed: u64) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let streams = streams(scenario, &mut random);
        Self {
            version: VERSION,
            scenario: name.to_owned(),
            shows: scenario.shows.clone(),
            seed,
            timeout: scenario.operations.timeout,
            payload: *scenario.operations.payload.get_ref(),
            in_flight: scenario.operations.in_flight,
            streams,
            faults: faults(scenario, &mut random),
            expect: scenario.expect.without_places(),
        }
    }

    /// When the load is over, in microseconds.
    #[must_use]
    pub fn ends(&self) -> u64 {
        self.streams.iter().map(|stream| stream.until.micros()).max().unwrap_or(0)
    }

    /// Every arrival in the order of the due times; those of one moment in the order of the streams.
    pub fn arrivals(&self) -> impl Iterator<Item = Arrival> + use<> {
        let streams = self.streams.clone();
        let mut next: BTreeMap<(u64, usize), u64> = BTreeMap::new();
        for (index, stream) in streams.iter().enumerate() {
            if let Some(due) = stream.due(0) {
                next.insert((due, index), 0);
            }
        }
        let mut number = 0;
        std::iter::from_fn(move || {
            let ((due, stream), index) = next.pop_first()?;
            if let Some(later) = streams[stream].due(index + 1) {
                next.insert((later, stream), index + 1);
            }
            number += 1;
            Some(Arrival { due, stream, number: number - 1 })
        })
    }
}

impl Stream {
    /// When its arrival number `index` is due; `None` past its end.
    fn due(&self, index: u64) -> Option<u64> {
        let due = self.from.micros() + self.offset.micros() + self.rate.due(index);
        (due < self.until.micros()).then_some(due)
    }
}

fn streams(scenario: &Scenario, random: &mut ChaCha8Rng) -> Vec<Stream> {
    let mut list = Vec::new();
    let mut from = 0;
    for phase in &scenario.load {
        let until = from + phase.lasts.get_ref().micros();
        for (path, rate) in &phase.rates {
            let interval = 1_000_000.0 / rate.hertz();
            let offset = (interval / 2.0 * random.random::<f64>()) as u64;
            list.push(Stream {
                path: path.get_ref().clone(),
                rate: *rate,
                from: Span::from_micros(from),
                until: Span::from_micros(until),
                offset: Span::from_micros(offset),
            });
        }
        from = until;
    }
    list
}

fn faults(scenario: &Scenario, random: &mut ChaCha8Rng) -> Vec<PlannedFault> {
    let mut list: Vec<PlannedFault> = scenario
        .fault
        .iter()
        .map(|fault| {
            let spec = fault.get_ref();
            let at = *spec.at.get_ref();
            PlannedFault {
                kind: spec.kind,
                target: spec.target().unwrap_or_default().to_owned(),
                at,
                until: Span::from_micros(at.micros() + spec.lasts.get_ref().micros()),
                latency: spec.latency.as_ref().map_or(Span::ZERO, |span| *span.get_ref()),
                jitter: spec.jitter.as_ref().map_or(Span::ZERO, |span| *span.get_ref()),
                seed: random.random(),
            }
        })
        .collect();
    list.sort_by_key(|fault| fault.at);
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse;

    fn schedule(seed: u64) -> Schedule {
        let text = r#"
shows = "x"
[[load]]
for = "2s"
rates = { a = "10/s", b = "5/s" }
[[load]]
for = "1s"
rates = { a = "20/s" }
[[fault]]
kind = "latency"
link = "p->q"
at = "1s"
for = "500ms"
latency = "20ms"
[expect]
during = { a = "50%" }
"#;
        Schedule::derive("x", &parse("x", text).unwrap(), seed)
    }

    #[test]
    fn one_seed_gives_one_schedule_byte_for_byte() {
        let text = |seed| serde_json::to_string(&schedule(seed)).unwrap();
        assert_eq!(text(7), text(7));
        assert_ne!(text(7), text(8));
        assert_eq!(serde_json::from_str::<Schedule>(&text(7)).unwrap(), schedule(7));
    }

    #[test]
    fn arrivals_come_in_order_and_in_number() {
        let schedule = schedule(1);
        let all: Vec<Arrival> = schedule.arrivals().collect();
        assert!(all.windows(2).all(|pair| pair[0].due <= pair[1].due));
        let of = |path: &str| all.iter().filter(|a| schedule.streams[a.stream].path == path).count();
        assert_eq!((of("a"), of("b")), (40, 10));
        assert!(all.iter().enumerate().all(|(index, a)| a.number == index as u64));
        assert_eq!(schedule.ends(), 3_000_000);
    }
}

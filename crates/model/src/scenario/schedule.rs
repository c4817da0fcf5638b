//! The exact actions of one run, derived from a scenario and a seed, byte for byte the same each time.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::arrival_rate::Spacing;
use super::duration::Span;
use super::fault::{FaultSpec, PlannedFault};
use super::format::{Expectations, Scenario};
use super::sizes::Sizes;
use super::stream::{ArrivalStream, Arrivals};

/// The version of the file.
pub const VERSION: u32 = 2;

/// The exact actions of one run; `schedule.json` in its folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
// A run is repeated from it alone. Therefore it holds every random choice, or the seed of it.
pub struct Schedule {
    /// Version of the format: [`VERSION`].
    pub version: u32,
    /// The name of the scenario.
    pub scenario: String,
    /// Subject of the scenario.
    pub shows: String,
    /// Decides everything that is random.
    pub seed: u64,
    /// Time that each operation may take.
    pub timeout: Span,
    /// Lengths of the data of entries, in bytes.
    pub payload: Sizes,
    /// Largest number of operations in flight.
    pub in_flight: u32,
    /// Streams of arrivals.
    pub streams: Vec<ArrivalStream>,
    /// Faults in the order of their times.
    pub faults: Vec<PlannedFault>,
    /// Conditions of the verdict `pass`.
    pub expect: Expectations<String>,
}

/// One operation that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Due time, in microseconds after the start of the load.
    pub due: u64,
    /// Index of its stream in the schedule.
    pub stream: usize,
    /// Number in the whole run, from 0, in the order of the due times.
    pub number: u64,
}

impl Schedule {
    /// Derives the schedule of one run.
    #[must_use]
    pub fn derive(name: &str, scenario: &Scenario, seed: u64) -> Self {
        // Not `StdRng`, whose numbers may change with its version: a seed has to repeat a run for years.
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        // Streams draw before faults, so that a load has the same arrivals whatever faults there are.
        let streams = streams(scenario, &mut random);
        Self {
            version: VERSION,
            scenario: name.to_owned(),
            shows: scenario.shows.clone(),
            seed,
            timeout: scenario.operations.timeout,
            payload: scenario.operations.payload.get_ref().clone(),
            in_flight: scenario.operations.in_flight,
            streams,
            faults: faults(scenario, &mut random),
            expect: scenario.expect.without_places(),
        }
    }

    /// Returns the end of the load, in microseconds after its start.
    #[must_use]
    pub fn ends(&self) -> u64 {
        self.streams.iter().map(|stream| stream.until.micros()).max().unwrap_or(0)
    }

    /// Extends the load: every path continues at its last rate. None where no path has a rate, since its arrivals are
    /// listed.
    // A system that is still recovering at the end of the load can only be judged by operations that are sent to it.
    #[must_use]
    pub fn going_on(&self, from: Span, until: Span) -> Option<Self> {
        let mut last: BTreeMap<&str, &ArrivalStream> = BTreeMap::new();
        for stream in &self.streams {
            let latest = last.entry(&stream.path).or_insert(stream);
            if stream.until > latest.until {
                *latest = stream;
            }
        }
        let more: Vec<ArrivalStream> =
            last.values().filter_map(|stream| stream.going_on(from, until)).collect();
        // Behind the others, since arrivals know their stream by its index.
        let streams = [&self.streams[..], &more[..]].concat();
        (!more.is_empty() && from < until).then(|| Self { streams, ..self.clone() })
    }

    /// Lists every arrival in the order of the due times; those of one moment in the order of the streams.
    // The iterator owns its streams, so that it can move to a thread of the generator.
    pub fn arrivals(&self) -> impl Iterator<Item = Arrival> + Send + use<> {
        let mut times: Vec<_> = self.streams.iter().map(ArrivalStream::times).collect();
        // The next arrival of each stream, and no more: a long load needs no list of all arrivals.
        let mut next: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::new();
        let first = times.iter_mut().enumerate();
        next.extend(first.filter_map(|(stream, times)| Some(Reverse((times.next()?, stream)))));
        let mut number = 0;
        std::iter::from_fn(move || {
            let mut earliest = next.peek_mut()?;
            let Reverse((due, stream)) = *earliest;
            match times[stream].next() {
                // Changed in place, which is one walk through the heap instead of two.
                Some(later) => *earliest = Reverse((later, stream)),
                None => drop(PeekMut::pop(earliest)),
            }
            number += 1;
            Some(Arrival { due, stream, number: number - 1 })
        })
    }

    /// The highest rate of all streams together, in arrivals a second.
    #[must_use]
    pub fn highest(&self) -> f64 {
        let at = |moment: Span| {
            let there =
                self.streams.iter().filter(move |stream| stream.from <= moment && moment < stream.until);
            there.map(ArrivalStream::highest).sum()
        };
        // The sum can rise only where a stream begins, since each counts with its highest rate.
        self.streams.iter().map(|stream| at(stream.from)).fold(0.0, f64::max)
    }
}

fn streams(scenario: &Scenario, random: &mut ChaCha8Rng) -> Vec<ArrivalStream> {
    let mut list = Vec::new();
    let mut from = 0;
    for phase in &scenario.load {
        let until = from + phase.lasts.get_ref().micros();
        for (path, rate) in phase.rates.get_ref() {
            let arrivals = match rate.spacing {
                Spacing::Even => {
                    let interval = 1_000_000.0 / rate.highest();
                    // Less than half an interval, so that the first arrival stays in the first interval.
                    let offset = (interval / 2.0 * random.random::<f64>()) as u64;
                    Arrivals::Paced { rate: *rate, offset: Span::from_micros(offset), seed: 0 }
                }
                Spacing::Poisson => {
                    Arrivals::Paced { rate: *rate, offset: Span::ZERO, seed: random.random() }
                }
            };
            let (from, until) = (Span::from_micros(from), Span::from_micros(until));
            list.push(ArrivalStream { path: path.get_ref().clone(), from, until, arrivals });
        }
        from = until;
    }
    list
}

fn faults(scenario: &Scenario, random: &mut ChaCha8Rng) -> Vec<PlannedFault> {
    let derive = |fault: &Spanned<FaultSpec>| PlannedFault::derive(fault.get_ref(), random.random());
    let mut list: Vec<PlannedFault> = scenario.fault.iter().map(derive).collect();
    // After the draws, so that the seed of a fault depends on its place in the file and not on its time.
    list.sort_by_key(|fault| fault.at);
    list
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scenario::parse;

    proptest! {
        #[test]
        fn what_is_read_sends_an_operation_on_every_path(
            paths in prop::collection::vec((1u32..400, 1u32..400, prop::option::of(2u32..9)), 1..3),
            phases in prop::collection::vec(1u64..60_000, 1..4),
            seed: u64,
        ) {
            let rates: Vec<String> = paths
                .iter()
                .enumerate()
                .map(|(number, (from, to, steps))| {
                    let steps = steps.filter(|_| from != to).map(|steps| format!(" in {steps} steps"));
                    format!("p{number} = \"{from}/min..{to}/min{}\"", steps.unwrap_or_default())
                })
                .collect();
            let load = |lasts: &u64| format!("[[load]]\nfor = \"{lasts}ms\"\nrates = {{ {} }}\n", rates.join(", "));
            let text = format!("shows = \"x\"\n{}", phases.iter().map(load).collect::<String>());
            let longest = phases.iter().max().copied().unwrap_or_default() as f64 / 60_000.0;
            let fewest = paths.iter().map(|(from, to, _)| f64::from(from + to) / 2.0 * longest).fold(f64::MAX, f64::min);
            match parse("x", &text) {
                Ok(scenario) => {
                    let schedule = Schedule::derive("x", &scenario, seed);
                    let all: Vec<usize> = schedule.arrivals().map(|arrival| arrival.stream % paths.len()).collect();
                    prop_assert!((0..paths.len()).all(|path| all.contains(&path)), "{}", text);
                }
                Err(mistakes) => prop_assert!(fewest < 1.0, "{}", mistakes),
            }
        }
    }

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
    fn a_load_that_goes_on_is_the_same_until_then_and_every_path_as_it_was_last_after() {
        let planned = schedule(5);
        let (from, until) = (Span::from_secs(4), Span::from_secs(6));
        let more = planned.going_on(from, until).unwrap();
        let (before, all): (Vec<_>, Vec<_>) = (planned.arrivals().collect(), more.arrivals().collect());
        assert_eq!(all[..before.len()], before);
        let after = &all[before.len()..];
        assert!(after.iter().all(|arrival| (4_000_000..6_000_000).contains(&arrival.due)));
        let on =
            |path: &str| after.iter().filter(|arrival| more.streams[arrival.stream].path == path).count();
        assert_eq!((on("a"), on("b")), (40, 10));
        assert_eq!((more.ends(), planned.going_on(until, until)), (6_000_000, None));
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

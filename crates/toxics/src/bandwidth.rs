//! Data passes at a rate, at the most.

use std::time::{Duration, Instant};

use super::attribute::Attribute;
use super::queue::Queue;
use super::spec::{Acts, Spec};
use super::stage::{Begin, Item, Stage};
use super::values::Values;

pub(super) static SPEC: Spec = Spec {
    name: "bandwidth",
    about: "data passes at this rate at the most; at 0 nothing does",
    effect: "slowed",
    attributes: &[Attribute::new("rate", "KB/s", "1,000 bytes a second")
        .at_least(0)
        .needed()
        .acting_at_zero()],
    acts: Acts::Stream(|values, begin| Box::new(Bandwidth::new(values, begin))),
    of_toxiproxy: true,
};

/// Pieces of one second. What is larger is cut, so that the rate is kept within short times too.
const PIECES: u64 = 50;

/// Bytes that wait at the most, as long as the rate needs no more to go on without a gap.
const WAITING: usize = 1024 * 1024;

/// How far a line that could not be used may catch up.
const BURST: Duration = Duration::from_millis(50);

#[derive(Debug)]
struct Bandwidth {
    /// Bytes a second.
    rate: u64,
    held: Queue,
    /// Until when the line is taken by what has left already.
    free: Instant,
    /// When the first piece has passed.
    due: Option<Instant>,
    slowed: Option<u64>,
}

impl Bandwidth {
    fn new(values: &Values, begin: Begin) -> Self {
        Self { rate: rate(values), held: Queue::default(), free: begin.now, due: None, slowed: None }
    }

    /// Bytes of the largest piece.
    fn piece(&self) -> usize {
        usize::try_from((self.rate / PIECES).max(1)).unwrap_or(usize::MAX)
    }

    fn look_at_first(&mut self, now: Instant) {
        if self.due.is_some() {
            return;
        }
        let Some((came, item)) = self.held.first() else { return };
        let Item::Data(data) = item else {
            self.due = Some(now);
            return;
        };
        if self.rate > 0 {
            let earliest = now.checked_sub(BURST).unwrap_or(now);
            let begins = self.free.max(*came).max(earliest);
            let bytes = data.len().min(self.piece());
            self.due = Some(begins + Duration::from_secs_f64(bytes as f64 / self.rate as f64));
        }
    }
}

fn rate(values: &Values) -> u64 {
    values.at_least_zero("rate").saturating_mul(1000)
}

impl Stage for Bandwidth {
    fn has_room(&self) -> bool {
        // While the last piece is on the line, the next one must be there already: else the line would rest for as long
        // as reading takes.
        self.held.is_empty() || self.held.bytes() < self.piece().min(WAITING)
    }

    fn take(&mut self, item: Item, now: Instant) {
        // Told as it is held: at a rate of 0 nothing ever leaves.
        if matches!(item, Item::Data(_)) {
            self.slowed.get_or_insert(0);
        }
        self.held.push(item, now);
        self.look_at_first(now);
    }

    fn give(&mut self, now: Instant) -> Option<Item> {
        let due = self.due.filter(|due| *due <= now)?;
        let (came, mut item) = self.held.pop()?;
        let piece = self.piece();
        if let Item::Data(data) = &mut item {
            self.free = due;
            if data.len() > piece {
                let rest = data.split_off(piece);
                self.held.put_back(Item::Data(rest), came);
            }
            *self.slowed.get_or_insert(0) += data.len() as u64;
        }
        self.due = None;
        self.look_at_first(now);
        Some(item)
    }

    fn due(&self) -> Option<Instant> {
        self.due
    }

    fn change(&mut self, values: &Values, now: Instant) {
        self.rate = rate(values);
        self.free = now;
        self.due = None;
        self.look_at_first(now);
    }

    fn release(self: Box<Self>) -> Vec<Item> {
        self.held.into_items()
    }

    fn effect(&mut self) -> Option<u64> {
        self.slowed.take()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_sender_that_never_rests_gets_its_rate_however_long_reading_takes(
            rate in 100i64..100_000,
            chunk in 1_000usize..65_536,
            micros_a_read in 0u64..200,
        ) {
            let begun = Instant::now();
            let mut values = Values::new(SPEC.name, SPEC.attributes);
            values.set("rate", rate).unwrap();
            let mut stage = Bandwidth {
                rate: super::rate(&values), held: Queue::default(), free: begun, due: None, slowed: None,
            };
            // What a reader this slow could bring at best is not in question.
            prop_assume!(micros_a_read == 0 || chunk as f64 / (micros_a_read as f64 * 1e-6) > rate as f64 * 1200.0);
            let (mut now, mut passed) = (begun, 0);
            while now < begun + Duration::from_secs(2) {
                if stage.has_room() {
                    now += Duration::from_micros(micros_a_read);
                    stage.take(Item::Data(vec![0; chunk].into()), now);
                } else {
                    now = now.max(stage.due().unwrap());
                }
                while let Some(item) = stage.give(now) {
                    passed += item.len();
                }
            }
            let share = passed as f64 / now.duration_since(begun).as_secs_f64() / (rate as f64 * 1000.0);
            prop_assert!((0.98..1.02).contains(&share), "{share}");
        }
    }
}

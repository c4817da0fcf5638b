//! `bandwidth`: data passes at a limited rate.

use std::time::{Duration, Instant};

use super::attribute::Attribute;
use super::queue::HeldItems;
use super::spec::{Action, ToxicKind};
use super::stage::{Start, StreamItem, ToxicStage};
use super::values::Values;

pub(super) static SPEC: ToxicKind = ToxicKind {
    name: "bandwidth",
    about: "limits the throughput to the rate; at 0 nothing passes",
    effect: "slowed",
    // Toxiproxy cuts chunks by the rate, so a negative one crashes it. A rate of 0 stops all data: that is an
    // effect like any other, so a scenario may ask for it.
    attributes: &[Attribute::new("rate", "KB/s", "1,000 bytes per second")
        .at_least(0)
        .needed()
        .effective_at_zero()],
    action: Action::Bytes(|values, start| Box::new(Bandwidth::new(values, start))),
    of_toxiproxy: true,
};

/// Chunks per second; larger chunks are cut.
// So that the rate holds within short times too, and not only over many seconds.
const PIECES: u64 = 50;

/// Limit of held bytes.
// From 52 MB/s on a piece is larger than this, and held memory would grow with the rate.
const WAITING: usize = 1024 * 1024;

/// Longest time for which an unused line may catch up.
// Timers fire late; what that loses would lower the rate. More would allow bursts above it.
const BURST: Duration = Duration::from_millis(50);

#[derive(Debug)]
struct Bandwidth {
    /// Bytes per second.
    rate: u64,
    held: HeldItems,
    /// Moment at which the line is free, after everything that has left.
    free: Instant,
    /// Moment at which the first chunk has passed the line; none while nothing may pass.
    due: Option<Instant>,
    slowed: Option<u64>,
}

impl Bandwidth {
    fn new(values: &Values, start: Start) -> Self {
        Self { rate: rate(values), held: HeldItems::default(), free: start.now, due: None, slowed: None }
    }

    /// Returns the size of the largest chunk in bytes.
    fn piece(&self) -> usize {
        usize::try_from((self.rate / PIECES).max(1)).unwrap_or(usize::MAX)
    }

    /// Sets the moment at which the first held chunk has passed the line.
    fn schedule_first(&mut self, now: Instant) {
        if self.due.is_some() {
            // A moment that is set stays: this chunk is on the line already.
            return;
        }
        let Some((arrival, item)) = self.held.first() else { return };
        let StreamItem::Data(data) = item else {
            // A close takes no time on the line. It passes at a rate of 0 too, unless data is before it.
            self.due = Some(now);
            return;
        };
        // At a rate of 0 nothing is ever due, until a change of the rate sets a moment.
        if self.rate > 0 {
            let earliest = now.checked_sub(BURST).unwrap_or(now);
            let begins = self.free.max(*arrival).max(earliest);
            let bytes = data.len().min(self.piece());
            self.due = Some(begins + Duration::from_secs_f64(bytes as f64 / self.rate as f64));
        }
    }
}

fn rate(values: &Values) -> u64 {
    // Toxiproxy reads the rate as bytes per millisecond, so its kilobyte has 1,000 bytes.
    values.at_least_zero("rate").saturating_mul(1000)
}

impl ToxicStage for Bandwidth {
    fn has_room(&self) -> bool {
        // The next chunk must be here while the last one is still on the line, or the line would rest for as long as a
        // read takes.
        self.held.is_empty() || self.held.bytes() < self.piece().min(WAITING)
    }

    fn push(&mut self, item: StreamItem, now: Instant) {
        // The effect counts from here on, since at a rate of 0 nothing ever leaves.
        if matches!(item, StreamItem::Data(_)) {
            self.slowed.get_or_insert(0);
        }
        self.held.push(item, now);
        self.schedule_first(now);
    }

    fn pop(&mut self, now: Instant) -> Option<StreamItem> {
        let due = self.due.filter(|due| *due <= now)?;
        let (arrival, mut item) = self.held.pop()?;
        let piece = self.piece();
        if let StreamItem::Data(data) = &mut item {
            // Not `now`: a timer that fires late must not lower the rate.
            self.free = due;
            if data.len() > piece {
                let rest = data.split_off(piece);
                self.held.put_back(StreamItem::Data(rest), arrival);
            }
            *self.slowed.get_or_insert(0) += data.len() as u64;
        }
        self.due = None;
        self.schedule_first(now);
        Some(item)
    }

    fn due(&self) -> Option<Instant> {
        self.due
    }

    fn change(&mut self, values: &Values, now: Instant) {
        // The chunk on the line begins anew: at a rate of 0 it had no moment that could be kept.
        self.rate = rate(values);
        self.free = now;
        self.due = None;
        self.schedule_first(now);
    }

    fn release(self: Box<Self>) -> Vec<StreamItem> {
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
                rate: super::rate(&values), held: HeldItems::default(), free: begun, due: None, slowed: None,
            };
            // A reader that cannot deliver the rate proves nothing.
            prop_assume!(micros_a_read == 0 || chunk as f64 / (micros_a_read as f64 * 1e-6) > rate as f64 * 1200.0);
            let (mut now, mut passed) = (begun, 0);
            while now < begun + Duration::from_secs(2) {
                if stage.has_room() {
                    now += Duration::from_micros(micros_a_read);
                    stage.push(StreamItem::Data(vec![0; chunk].into()), now);
                } else {
                    now = now.max(stage.due().unwrap());
                }
                while let Some(item) = stage.pop(now) {
                    passed += item.len();
                }
            }
            let share = passed as f64 / now.duration_since(begun).as_secs_f64() / (rate as f64 * 1000.0);
            prop_assert!((0.98..1.02).contains(&share), "{share}");
        }
    }
}

//! Outstanding deliveries of one channel, and the acknowledgements of those that are done.

use std::collections::BTreeSet;

/// The deliveries that were taken and not yet acknowledged.
// Delivery tags mean something on their own channel only: each session has a ledger of its own.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    // Ordered, since the smallest outstanding tag bounds what one acknowledgement may cover.
    outstanding: BTreeSet<u64>,
}

/// A `basic.ack`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ack {
    pub(crate) tag: u64,
    /// True to acknowledge all outstanding deliveries up to the tag, too.
    pub(crate) multiple: bool,
}

impl Ledger {
    /// A delivery was taken.
    pub(crate) fn take(&mut self, tag: u64) {
        self.outstanding.insert(tag);
    }

    /// Deliveries are done, in any order: how to acknowledge them and no other.
    // What is before everything that is still outstanding goes in one acknowledgement.
    pub(crate) fn settle(&mut self, done: impl IntoIterator<Item = u64>) -> Vec<Ack> {
        // Others are left out: RabbitMQ closes a channel on which a tag is acknowledged twice.
        let mut done: Vec<u64> = done.into_iter().filter(|tag| self.outstanding.remove(tag)).collect();
        done.sort_unstable();
        let first_left = self.outstanding.first().copied().unwrap_or(u64::MAX);
        // One frame for many, instead of one for each.
        let together = done.partition_point(|tag| *tag < first_left);
        let prefix = done[..together].last().map(|tag| Ack { tag: *tag, multiple: true });
        let rest = done[together..].iter().map(|tag| Ack { tag: *tag, multiple: false });
        prefix.into_iter().chain(rest).collect()
    }

    /// Number of outstanding deliveries.
    pub(crate) fn len(&self) -> usize {
        self.outstanding.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RabbitMQ's side: what an acknowledgement covers, and an error for one that covers nothing.
    fn acknowledge(unacknowledged: &mut BTreeSet<u64>, ack: Ack) -> Vec<u64> {
        assert!(unacknowledged.contains(&ack.tag), "unknown delivery tag {}", ack.tag);
        let covered: Vec<u64> = unacknowledged
            .iter()
            .copied()
            .filter(|tag| *tag == ack.tag || (ack.multiple && *tag < ack.tag))
            .collect();
        covered.iter().for_each(|tag| assert!(unacknowledged.remove(tag)));
        covered
    }

    #[test]
    fn what_is_done_from_the_beginning_goes_together() {
        let mut ledger = Ledger::default();
        (1..=5).for_each(|tag| ledger.take(tag));
        assert_eq!(
            ledger.settle([2, 1, 4]),
            [Ack { tag: 2, multiple: true }, Ack { tag: 4, multiple: false }]
        );
        assert_eq!(ledger.settle([3, 5]), [Ack { tag: 5, multiple: true }]);
        assert_eq!(ledger.len(), 0);
    }

    proptest! {
        /// Deliveries come in order; batches of them are done in any order, some never.
        #[test]
        fn exactly_what_is_done_is_acknowledged_and_each_tag_once(
            steps in prop::collection::vec((0usize..6, prop::collection::vec(0usize..8, 0..6)), 0..40),
        ) {
            let (mut ledger, mut rabbit, mut open) = (Ledger::default(), BTreeSet::new(), Vec::new());
            let mut next = 1;
            for (arrivals, picks) in steps {
                for _ in 0..arrivals {
                    ledger.take(next);
                    rabbit.insert(next);
                    open.push(next);
                    next += 1;
                }
                let mut done = BTreeSet::new();
                for pick in picks {
                    if !open.is_empty() {
                        let place = pick % open.len();
                        done.insert(open.remove(place));
                    }
                }
                let acks = ledger.settle(done.iter().copied());
                let covered: Vec<u64> =
                    acks.into_iter().flat_map(|ack| acknowledge(&mut rabbit, ack)).collect();
                prop_assert_eq!(covered.len(), done.len());
                prop_assert_eq!(covered.into_iter().collect::<BTreeSet<_>>(), done);
                prop_assert_eq!(ledger.len(), rabbit.len());
            }
        }
    }
}

//! Entries that are written together. An id stands in a batch once: a repeat with the same content follows
//! the first, one with other content waits for the next batch, where the store knows the first.

use std::collections::HashMap;

use mongodb::bson::RawDocumentBuf;
use tokio::time::Instant;

use crate::outcome::Outcome;
use crate::pending::{Pending, Record};

/// The bounds of a batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchLimits {
    pub(crate) entries: usize,
    pub(crate) bytes: usize,
}

/// Entries that are written together; all of them claimed.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    groups: Vec<Group>,
    // Right only while the batch is filled: settling moves the groups.
    places: HashMap<String, usize>,
    entries: usize,
    bytes: usize,
}

/// Entries of a batch with one id and content.
#[derive(Debug)]
pub(crate) struct Group {
    leader: Pending,
    followers: Vec<Pending>,
    /// An earlier attempt may have stored it.
    pub(crate) maybe_stored: bool,
}

impl Batch {
    /// Reports whether an entry of `size` bytes still fits; the first one always does.
    pub(crate) fn has_room(&self, size: usize, limits: BatchLimits) -> bool {
        self.entries == 0 || (self.entries < limits.entries && self.bytes + size <= limits.bytes)
    }

    /// Takes an entry, or gives it back if its id is here with other content. One whose caller left is
    /// dropped.
    pub(crate) fn offer(&mut self, pending: Pending) -> Option<Pending> {
        let place = self.places.get(&pending.record.id).copied();
        // Before the claim is taken: an entry that goes back can still be refused.
        if let Some(place) = place
            && self.groups[place].record().fingerprint != pending.record.fingerprint
        {
            return Some(pending);
        }
        if !pending.take() {
            return None;
        }
        self.entries += 1;
        self.bytes += pending.size();
        match place {
            Some(place) => self.groups[place].followers.push(pending),
            None => {
                self.places.insert(pending.record.id.clone(), self.groups.len());
                self.groups.push(Group { leader: pending, followers: Vec::new(), maybe_stored: false });
            }
        }
        None
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Number of documents.
    pub(crate) fn len(&self) -> usize {
        self.groups.len()
    }

    /// Documents to insert, in the order of the places that [`Self::settle`] gives.
    pub(crate) fn documents(&self) -> Vec<&RawDocumentBuf> {
        self.groups.iter().map(|group| &group.leader.record.document).collect()
    }

    /// An attempt ended without a word: everything in it may be stored.
    pub(crate) fn mark_maybe_stored(&mut self) {
        for group in &mut self.groups {
            group.maybe_stored = true;
        }
    }

    /// Settles the groups for which `verdict` has an outcome; the others stay, with new places.
    pub(crate) fn settle(&mut self, mut verdict: impl FnMut(usize, &Group) -> Option<Outcome>) {
        let groups = std::mem::take(&mut self.groups);
        for (place, group) in groups.into_iter().enumerate() {
            match verdict(place, &group) {
                Some(outcome) => group.settle(&outcome),
                None => self.groups.push(group),
            }
        }
    }

    /// Drops what nobody waits for any more; their callers have told themselves what is true.
    pub(crate) fn drop_over(&mut self, now: Instant) {
        self.groups.retain(|group| !group.is_over(now));
    }

    /// The latest deadline in it.
    pub(crate) fn last_deadline(&self) -> Option<Instant> {
        self.groups.iter().map(Group::last_deadline).max()
    }

    /// Takes out everything that is left.
    pub(crate) fn take_groups(&mut self) -> Vec<Group> {
        std::mem::take(&mut self.groups)
    }

    /// Takes out what no attempt so far may have stored.
    pub(crate) fn split_off_untouched(&mut self) -> Vec<Pending> {
        let (kept, untouched) =
            std::mem::take(&mut self.groups).into_iter().partition(|group| group.maybe_stored);
        self.groups = kept;
        let untouched: Vec<Group> = untouched;
        untouched.into_iter().flat_map(|group| std::iter::once(group.leader).chain(group.followers)).collect()
    }
}

impl Group {
    /// Record that is inserted for it.
    pub(crate) fn record(&self) -> &Record {
        &self.leader.record
    }

    fn members(&self) -> impl Iterator<Item = &Pending> {
        std::iter::once(&self.leader).chain(&self.followers)
    }

    /// The latest deadline of its callers.
    pub(crate) fn last_deadline(&self) -> Instant {
        self.members().map(|pending| pending.deadline).fold(self.leader.deadline, Instant::max)
    }

    fn is_over(&self, now: Instant) -> bool {
        self.members().all(|pending| pending.is_over(now))
    }

    /// Tells every caller.
    pub(crate) fn settle(self, outcome: &Outcome) {
        for pending in std::iter::once(self.leader).chain(self.followers) {
            pending.settle(outcome.clone());
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fingerprint::Fingerprints;
    use crate::outcome::StoreRefusal;
    use crate::pending::tests::pending;

    /// The ids in a batch.
    pub(crate) fn ids(batch: &Batch) -> Vec<String> {
        batch.groups.iter().map(|group| group.record().id.clone()).collect()
    }

    #[tokio::test]
    async fn a_repeat_shares_the_outcome_and_a_conflict_is_given_back() {
        let (fingerprints, mut batch) = (Fingerprints::default(), Batch::default());
        let (first, first_ticket) = pending("a", "x", &fingerprints);
        let (repeat, repeat_ticket) = pending("a", "x", &fingerprints);
        let (other, _other_ticket) = pending("a", "y", &fingerprints);
        assert!(batch.offer(first).is_none() && batch.offer(repeat).is_none());
        assert!(batch.offer(other).is_some_and(|other| other.take()), "given back untaken");
        assert_eq!(batch.len(), 1);
        batch.settle(|_, group| Some(Outcome::Stored(group.record().created_at)));
        assert_eq!(first_ticket.outcome().await, repeat_ticket.outcome().await);
    }

    proptest! {
        #[test]
        fn each_entry_gets_the_outcome_of_its_own_place(
            entries in prop::collection::vec((0u8..12, 0u8..2), 1..40),
            refused in prop::collection::vec(any::<bool>(), 40),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(async {
                let (fingerprints, mut batch) = (Fingerprints::default(), Batch::default());
                let mut tickets = Vec::new();
                for (id, data) in entries {
                    let (pending, ticket) = pending(&id.to_string(), &data.to_string(), &fingerprints);
                    let at = pending.record.created_at;
                    if batch.offer(pending).is_none() {
                        tickets.push((id.to_string(), at, ticket));
                    }
                }
                let ids = ids(&batch);
                batch.settle(|place, group| Some(match refused[place] {
                    true => Outcome::Refused(StoreRefusal::ByStore(group.record().id.clone())),
                    false => Outcome::Stored(group.record().created_at),
                }));
                assert!(batch.is_empty());
                for (id, _, ticket) in tickets {
                    let place = ids.iter().position(|known| *known == id).unwrap();
                    match ticket.outcome().await {
                        Outcome::Refused(StoreRefusal::ByStore(told)) => assert!(refused[place] && told == id),
                        Outcome::Stored(_) => assert!(!refused[place]),
                        other => panic!("{other:?}"),
                    }
                }
            });
        }
    }
}

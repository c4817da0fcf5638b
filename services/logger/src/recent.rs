//! Ids stored lately, so that repeats and redeliveries need not go to the store.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::fingerprint::Fingerprint;
use crate::moment::Moment;
use crate::outcome::Outcome;

/// The ids stored last, bounded; the oldest is forgotten first.
#[derive(Debug)]
pub(crate) struct Recent {
    inner: Mutex<RecentIds>,
    most: usize,
}

#[derive(Debug, Default)]
struct RecentIds {
    // Map and order share the texts, of which there may be a hundred thousand.
    known: HashMap<Arc<str>, (Fingerprint, Moment)>,
    order: VecDeque<Arc<str>>,
}

impl Recent {
    /// Remembers up to `most` ids; 0 remembers none.
    pub(crate) fn new(most: usize) -> Self {
        Self { inner: Mutex::default(), most }
    }

    /// Outcome that the store would give an entry, if its id is remembered.
    pub(crate) fn answer(&self, id: &str, fingerprint: Fingerprint) -> Option<Outcome> {
        let (known, created_at) = *self.lock().known.get(id)?;
        Some(if known == fingerprint { Outcome::Stored(created_at) } else { Outcome::Conflict })
    }

    /// Remembers entries that are in the store.
    pub(crate) fn remember<'a>(&self, stored: impl IntoIterator<Item = (&'a str, Fingerprint, Moment)>) {
        let mut inner = self.lock();
        for (id, fingerprint, created_at) in stored {
            inner.remember(id, (fingerprint, created_at), self.most);
        }
    }

    fn lock(&self) -> MutexGuard<'_, RecentIds> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RecentIds {
    fn remember(&mut self, id: &str, entry: (Fingerprint, Moment), most: usize) {
        if let Some(known) = self.known.get_mut(id) {
            *known = entry;
            return;
        }
        if most == 0 {
            return;
        }
        if self.order.len() >= most
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        let id: Arc<str> = id.into();
        self.order.push_back(Arc::clone(&id));
        self.known.insert(id, entry);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fingerprint::Fingerprints;

    proptest! {
        #[test]
        fn it_is_bounded_and_knows_the_last_ones(
            ids in prop::collection::vec(0u8..30, 0..100), most in 0usize..10,
        ) {
            let (recent, fingerprints) = (Recent::new(most), Fingerprints::default());
            let (same, other, now) = (fingerprints.of("n", "x"), fingerprints.of("n", "y"), Moment::now());
            for id in &ids {
                recent.remember([(id.to_string().as_str(), same, now)]);
                prop_assert!(recent.lock().known.len() <= most);
                prop_assert_eq!(recent.lock().known.len(), recent.lock().order.len());
            }
            if let Some(last) = ids.last().filter(|_| most > 0) {
                let last = last.to_string();
                prop_assert_eq!(recent.answer(&last, same), Some(Outcome::Stored(now)));
                prop_assert_eq!(recent.answer(&last, other), Some(Outcome::Conflict));
            }
        }
    }
}

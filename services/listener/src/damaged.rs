//! Messages that came damaged, remembered from one connection to the next.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::message::Original;

/// How many are remembered.
const MOST: usize = 256;

/// What came damaged lately; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Damaged(Arc<Mutex<VecDeque<String>>>);

impl Damaged {
    /// Remembers a message; whether the very same bytes came before. On their way here no two damages are the same:
    /// then it lies in the queue as it is, and coming again will not mend it.
    pub(crate) fn came_before(&self, original: &Original) -> bool {
        let fingerprint = original.fingerprint();
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.contains(&fingerprint) {
            return true;
        }
        seen.truncate(MOST - 1);
        seen.push_front(fingerprint);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::tests::original;

    #[test]
    fn the_same_bytes_are_known_again_and_old_ones_are_forgotten() {
        let damaged = Damaged::default();
        let first = original(1, b"x", Some("a"));
        assert!(!damaged.came_before(&first));
        assert!(!damaged.came_before(&original(2, b"x", Some("b"))));
        assert!(damaged.came_before(&original(3, b"x", Some("a"))));
        for number in 0..MOST {
            damaged.came_before(&original(4, b"y", Some(&number.to_string())));
        }
        assert!(!damaged.came_before(&first));
    }
}

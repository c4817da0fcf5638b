//! Messages that came damaged, remembered from one connection to the next.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::message::Original;

/// Number of messages that are remembered.
const MOST: usize = 256;

/// Messages that came damaged lately; clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct DamagedMessages(Arc<Mutex<VecDeque<String>>>);

impl DamagedMessages {
    /// Remembers a message; whether the very same bytes came before.
    // On their way here no two damages are the same: then it lies in the queue as it is, and coming again will not
    // repair it.
    pub(crate) fn came_before(&self, original: &Original) -> bool {
        let fingerprint = original.fingerprint();
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.contains(&fingerprint) {
            return true;
        }
        // Bounded: somebody may publish damaged messages without an end.
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
        let damaged = DamagedMessages::default();
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

//! How much of a deadline is kept for the way back: an answer that says what happened must arrive before its
//! caller gives up.

use std::time::Duration;

use chassis::deadline::Deadline;

const MOST: Duration = Duration::from_millis(50);
const LEAST: Duration = Duration::from_millis(1);

/// The deadlines of one hop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hop {
    /// How long the broker waits for the hop.
    pub(crate) wait: Deadline,
    /// What the next service is told: a little earlier, so that its own word comes first.
    pub(crate) told: Deadline,
}

/// The deadlines of a hop on the way of a request.
#[must_use]
pub(crate) fn hop(request: Deadline) -> Hop {
    let margin = (request.remaining() / 20).clamp(LEAST, MOST);
    Hop { wait: request.earlier(margin), told: request.earlier(margin * 2) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_earlier_than_the_one_before() {
        for time in [Duration::from_millis(10), Duration::from_secs(5), Duration::from_secs(300)] {
            let request = Deadline::after(time);
            let hop = hop(request);
            assert!(hop.told < hop.wait && hop.wait < request);
            assert!(hop.told.remaining() >= time / 2);
        }
    }
}

//! Part of a deadline that is kept for the way back: an answer that says what happened must arrive before its
//! caller gives up.

use std::time::Duration;

use chassis::deadline::Deadline;

// A round trip within a data centre takes less; what is kept is lost to the work.
const MOST: Duration = Duration::from_millis(50);
const LEAST: Duration = Duration::from_millis(1);

/// Deadlines of a hop on the way of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HopDeadlines {
    /// Moment at which the broker gives the hop up.
    pub(crate) wait: Deadline,
    /// Deadline that the next service is told: a little earlier, so that its own word comes first.
    pub(crate) told: Deadline,
}

impl HopDeadlines {
    /// Deadlines of a hop within a request.
    pub(crate) fn within(request: Deadline) -> Self {
        // A share of the time, since a short request has little to give; bounded, since the way back takes no longer for
        // a long one.
        let margin = (request.remaining() / 20).clamp(LEAST, MOST);
        Self { wait: request.earlier(margin), told: request.earlier(margin * 2) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_earlier_than_the_one_before() {
        for time in [Duration::from_millis(10), Duration::from_secs(5), Duration::from_secs(300)] {
            let request = Deadline::after(time);
            let hop = HopDeadlines::within(request);
            assert!(hop.told < hop.wait && hop.wait < request);
            assert!(hop.told.remaining() >= time / 2);
        }
    }
}

//! Bugs for proving the harness's checkers; only with the feature `planted-bugs`, only in `listener-planted`.

use crate::application::ConsumeMode;

/// Table of the bugs: the name of each, and the mode of consuming that is the bug.
const BUGS: [(&str, fn() -> ConsumeMode); 2] =
    [("listener-acks-on-receipt", acks_on_receipt), ("broker-publishes-transient", consumes_transient)];

/// Mode of the bug of that name; the right one for a name of another service's.
#[must_use]
pub fn mode(name: &str) -> ConsumeMode {
    let bug = BUGS.iter().find(|(known, _)| *known == name);
    bug.map_or_else(ConsumeMode::default, |(_, mode)| mode())
}

/// Messages are acknowledged as soon as they arrive.
fn acks_on_receipt() -> ConsumeMode {
    ConsumeMode { acknowledges: false, ..ConsumeMode::default() }
}

/// The queue of the broker's bug is consumed: its listener's half.
fn consumes_transient() -> ConsumeMode {
    ConsumeMode { queue: topology::TRANSIENT, queues: &[topology::TRANSIENT], ..ConsumeMode::default() }
}

//! Bugs for proving the harness's checkers; only with the feature `planted-bugs`, only in `listener-planted`.

use crate::application::ConsumeMode;

/// Mode of the bug of that name; the right one for a name of another service's.
#[must_use]
pub fn mode(name: &str) -> ConsumeMode {
    match name {
        "listener-acks-on-receipt" => acks_on_receipt(),
        "broker-publishes-transient" => consumes_transient(),
        _ => ConsumeMode::default(),
    }
}

/// Messages are acknowledged as soon as they arrive.
fn acks_on_receipt() -> ConsumeMode {
    ConsumeMode { acknowledges: false, ..ConsumeMode::default() }
}

/// The queue of the broker's bug is consumed: its listener's half.
fn consumes_transient() -> ConsumeMode {
    ConsumeMode { queue: topology::TRANSIENT, queues: &[topology::TRANSIENT], ..ConsumeMode::default() }
}

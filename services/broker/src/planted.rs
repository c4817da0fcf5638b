//! Bugs for proving the harness's checkers; only with the feature `planted-bugs`, only in `broker-planted`.

use lapin::types::ShortString;

use crate::amqp::PublishMode;

/// Delivery mode of a message that is gone with a restart of RabbitMQ.
const TRANSIENT: u8 = 1;

/// Mode of the bug of that name; the right one for a name of another service's.
#[must_use]
pub fn mode(name: &str) -> PublishMode {
    match name {
        "broker-answers-before-confirm" => answers_before_confirm(),
        "broker-publishes-transient" => publishes_transient(),
        _ => PublishMode::default(),
    }
}

/// 202 is answered as soon as a message is published, whatever RabbitMQ makes of it.
fn answers_before_confirm() -> PublishMode {
    PublishMode { awaits_confirm: false, ..PublishMode::default() }
}

/// Messages are transient and go to a queue that is gone when RabbitMQ restarts.
fn publishes_transient() -> PublishMode {
    let route: fn(&'static str) -> (ShortString, ShortString) =
        |_| ("".into(), topology::TRANSIENT.name.into());
    PublishMode { delivery_mode: TRANSIENT, route, queues: &[topology::TRANSIENT], ..PublishMode::default() }
}

//! Bugs for proving the harness's checkers; only with the feature `planted-bugs`, only in `broker-planted`.

/// A bug of the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlantedBug {
    /// 202 is answered as soon as a message is published, whatever RabbitMQ makes of it.
    AnswersBeforeConfirm,
    /// Messages are transient and go to a queue that is gone when RabbitMQ restarts.
    PublishesTransient,
}

impl PlantedBug {
    /// The bug of that name; `None` for a name of another service's.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "broker-answers-before-confirm" => Some(Self::AnswersBeforeConfirm),
            "broker-publishes-transient" => Some(Self::PublishesTransient),
            _ => None,
        }
    }
}

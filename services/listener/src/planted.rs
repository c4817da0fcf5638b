//! Bugs for proving the harness's checkers; only with the feature `planted-bugs`, only in `listener-planted`.

/// A bug of the listener, or the listener's half of a bug of the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlantedBug {
    /// Messages are acknowledged as soon as they arrive.
    AcksOnReceipt,
    /// The queue of the broker's bug `broker-publishes-transient` is consumed.
    ConsumesTransient,
}

impl PlantedBug {
    /// The bug of that name; `None` for a name of another service's.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "listener-acks-on-receipt" => Some(Self::AcksOnReceipt),
            "broker-publishes-transient" => Some(Self::ConsumesTransient),
            _ => None,
        }
    }
}

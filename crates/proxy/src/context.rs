//! The state that all connections of a proxy share.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::watch;

use super::counters::Counters;
use super::toxics::Toxics;

/// State that all connections of a proxy share.
#[derive(Debug)]
pub(super) struct ConnectionContext {
    pub(super) proxy_name: String,
    /// Seed of everything random, with the number of the connection and the id of the toxic.
    pub(super) seed: u64,
    pub(super) counters: Counters,
    // A watch: connections see the newest toxics, and an edit waits for none of them.
    pub(super) toxics: watch::Sender<Arc<Toxics>>,
    /// True while the upstream refuses connections.
    // The log has one line for an outage, not one for each connection.
    pub(super) upstream_lost: AtomicBool,
}

impl ConnectionContext {
    pub(super) fn new(proxy_name: &str, seed: u64) -> Self {
        Self {
            proxy_name: proxy_name.to_owned(),
            seed,
            counters: Counters::default(),
            toxics: watch::Sender::new(Arc::default()),
            upstream_lost: AtomicBool::new(false),
        }
    }
}

//! Metrics of the listener, beside those of every service.

use std::sync::Arc;
use std::time::Duration;

use chassis::metrics::{LATENCY_BUCKETS, Metrics};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

/// The listener's own metrics; clones share them.
#[derive(Debug, Clone)]
pub(crate) struct ListenerMetrics {
    messages: Family<FateLabel, Counter>,
    call_seconds: Arc<Histogram>,
    unacknowledged: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FateLabel {
    fate: &'static str,
}

impl ListenerMetrics {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let messages = Family::default();
        let seconds = Histogram::new(LATENCY_BUCKETS);
        let unacknowledged = Gauge::default();
        metrics.register("listener_messages", "Messages by what became of them", messages.clone());
        metrics.register("listener_call_seconds", "Time of one call to the logger", seconds.clone());
        let help = "Messages delivered and not yet acknowledged";
        metrics.register("listener_unacknowledged", help, unacknowledged.clone());
        Self { messages, call_seconds: Arc::new(seconds), unacknowledged }
    }

    /// `fate` is stored, dead, again or damaged.
    pub(crate) fn count(&self, fate: &'static str, messages: usize) {
        self.messages.get_or_create(&FateLabel { fate }).inc_by(messages as u64);
    }

    pub(crate) fn call(&self, took: Duration) {
        self.call_seconds.observe(took.as_secs_f64());
    }

    pub(crate) fn unacknowledged(&self, messages: usize) {
        self.unacknowledged.set(i64::try_from(messages).unwrap_or(i64::MAX));
    }
}

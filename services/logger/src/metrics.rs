//! Metrics of the logger, beside those of every service.

use std::sync::Arc;
use std::time::Duration;

use chassis::metrics::{LATENCY_BUCKETS, Metrics};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

use crate::outcome::Outcome;

const BATCH_BUCKETS: [f64; 8] = [1.0, 2.0, 5.0, 10.0, 50.0, 100.0, 500.0, 1000.0];

/// The logger's own metrics; clones share them.
#[derive(Debug, Clone)]
pub(crate) struct LoggerMetrics {
    entries: Family<OutcomeLabel, Counter>,
    commit_seconds: Arc<Histogram>,
    commit_entries: Arc<Histogram>,
    waiting: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

impl LoggerMetrics {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let entries = Family::default();
        let (seconds, sizes) = (Histogram::new(LATENCY_BUCKETS), Histogram::new(BATCH_BUCKETS));
        let waiting = Gauge::default();
        metrics.register("logger_entries", "Entries by what became of them", entries.clone());
        metrics.register("logger_commit_seconds", "Time of one insert", seconds.clone());
        metrics.register("logger_commit_entries", "Entries of one insert", sizes.clone());
        metrics.register("logger_waiting_entries", "Entries that wait for a commit", waiting.clone());
        let (commit_seconds, commit_entries) = (Arc::new(seconds), Arc::new(sizes));
        Self { entries, commit_seconds, commit_entries, waiting }
    }

    pub(crate) fn count(&self, outcome: &Outcome) {
        self.entries.get_or_create(&OutcomeLabel { outcome: outcome.kind() }).inc();
    }

    pub(crate) fn commit(&self, entries: usize, took: Duration) {
        self.commit_seconds.observe(took.as_secs_f64());
        self.commit_entries.observe(u32::try_from(entries).map_or(f64::MAX, f64::from));
    }

    pub(crate) fn waiting(&self, entries: usize) {
        self.waiting.set(i64::try_from(entries).unwrap_or(i64::MAX));
    }
}

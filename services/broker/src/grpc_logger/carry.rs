//! The calls to the logger that store: one entry alone, several together.

use chassis::deadline::Deadline;
use logger_client::Call;
use tokio::time::Instant;

use super::shared::{Carrier, WaitingEntry};
use super::{GrpcLogger, call};
use crate::hop_deadline::HopDeadlines;

impl GrpcLogger {
    /// Makes one call after the other, until nothing waits.
    pub(super) async fn carry(self, mut carrier: Carrier) {
        while let Some(waiting) = carrier.next(Instant::now()) {
            self.send(waiting).await;
        }
    }

    async fn send(&self, mut waiting: Vec<WaitingEntry>) {
        let call = longest(&waiting);
        let alone = waiting.len() == 1;
        let entries: Vec<_> = waiting
            .iter_mut()
            .map(|waiting| {
                let mut entry = std::mem::take(&mut waiting.entry);
                // Alone it has the trace of its call.
                if !alone {
                    entry.traceparent = waiting.trace.to_string();
                }
                entry
            })
            .collect();
        let mut waiting: Vec<_> = waiting.into_iter().map(Some).collect();
        let answer = |place: usize, report| {
            if let Some(waiting) = waiting.get_mut(place).and_then(Option::take) {
                waiting.answer(report);
            }
        };
        self.client().store_all(&entries, call, answer).await;
    }
}

/// The call of entries that share it, with the deadlines of the one that may wait longest.
// The others answer their callers in time by themselves.
fn longest(waiting: &[WaitingEntry]) -> Call {
    let latest = |get: fn(&HopDeadlines) -> Deadline| waiting.iter().map(|waiting| get(&waiting.hop)).max();
    // It is there: the call of a carrier has at least one entry.
    let first = &waiting[0];
    let hop = HopDeadlines {
        wait: latest(|hop| hop.wait).unwrap_or(first.hop.wait),
        told: latest(|hop| hop.told).unwrap_or(first.hop.told),
    };
    call(hop, first.trace)
}

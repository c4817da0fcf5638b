//! Faults at their times: begin, active, undo, undone, and ready once the whole system says so again.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::recorder::Teller;
use crate::fault::{self, Journal};
use crate::history::{Event, Evidence, FaultStage};
use crate::load::engine::now;
use crate::scenario::PlannedFault;
use crate::stack::Stack;

/// What every fault of a run shares.
pub(super) struct Injector {
    pub(super) stack: Arc<Stack>,
    pub(super) journal: Journal,
    pub(super) teller: Teller,
    pub(super) start: Instant,
    /// By when the system must be ready after all faults, in microseconds after the start of the load.
    pub(super) ready_by: u64,
    pub(super) cancel: CancellationToken,
}

impl Injector {
    /// Does every fault at its time; done when all are undone and the system is ready, or is not in time.
    /// When cancelled, what acts is undone at once and nothing more is begun.
    pub(super) async fn run(&self, faults: &[PlannedFault]) {
        let all = faults.iter().enumerate().map(|(index, fault)| self.one(index, fault));
        futures::future::join_all(all).await;
    }

    async fn one(&self, index: usize, fault: &PlannedFault) {
        if !self.sleep_until(fault.at.micros()).await {
            return;
        }
        self.tell(index, FaultStage::Begin, Vec::new()).await;
        let active = match fault::begin(fault, &self.stack, &self.journal).await {
            Ok((active, evidence)) => {
                self.tell(index, FaultStage::Active, evidence).await;
                active
            }
            Err(error) => return self.broken(index, &error).await,
        };
        self.sleep_until(fault.until.micros()).await;
        self.tell(index, FaultStage::Undo, Vec::new()).await;
        match fault::undo(active, &self.stack, &self.journal).await {
            Ok(evidence) => self.tell(index, FaultStage::Undone, evidence).await,
            Err(error) => return self.broken(index, &error).await,
        }
        self.wait_ready(index).await;
    }

    async fn wait_ready(&self, index: usize) {
        let by = self.start + Duration::from_micros(self.ready_by);
        let ready = tokio::select! {
            ready = self.stack.wait_all_ready(by) => ready,
            () = self.cancel.cancelled() => return,
        };
        match ready {
            Ok(()) => self.tell(index, FaultStage::Ready, Vec::new()).await,
            Err(error) => tracing::warn!("not ready again: {error}"),
        }
    }

    /// Whether the time came before the run was cancelled.
    async fn sleep_until(&self, micros: u64) -> bool {
        tokio::select! {
            () = tokio::time::sleep_until(self.start + Duration::from_micros(micros)) => true,
            () = self.cancel.cancelled() => false,
        }
    }

    async fn broken(&self, index: usize, error: &fault::FaultError) {
        self.tell(index, FaultStage::Broken, vec![Evidence::new(error.to_string(), false)]).await;
    }

    async fn tell(&self, index: usize, stage: FaultStage, evidence: Vec<Evidence>) {
        self.teller.record(Event::Fault { index, stage, at: now(self.start), evidence }).await;
    }
}

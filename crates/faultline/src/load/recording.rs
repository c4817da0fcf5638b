//! Operations of a load, and the recorder of their outcomes.

use std::future::Future;

use super::response::Response;

/// One operation of a load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadOperation {
    /// Id, unique in all runs.
    pub id: String,
    /// Data of the entry; empty on a path that stores nothing.
    pub data: String,
    /// Index of its stream in the schedule.
    pub stream: usize,
    /// Due time, in microseconds after the start of the load.
    pub due: i64,
}

/// Recorder of operations. The threads that send the load call it, so a slow recorder makes operations late.
pub trait OperationRecorder: Send + Sync + 'static {
    /// Records that an operation is about to be sent, at `sent` microseconds after the start.
    // Not `async fn`, which cannot promise the `Send` that a spawned task needs.
    fn begins(&self, operation: &LoadOperation, sent: i64) -> impl Future<Output = ()> + Send;

    /// Records the response to an operation, both times in microseconds after the start.
    fn ends(
        &self,
        operation: LoadOperation,
        sent: i64,
        ended: i64,
        response: Response,
    ) -> impl Future<Output = ()> + Send;

    /// Records that an operation was dropped, since too many were in flight.
    fn dropped(&self, operation: LoadOperation) -> impl Future<Output = ()> + Send;
}

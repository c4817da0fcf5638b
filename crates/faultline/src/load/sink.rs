//! Who is told what becomes of operations.

use std::future::Future;

use super::answer::Sent;

/// One operation of a load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Its id, unique in all runs.
    pub id: String,
    /// Its data; empty on a path that stores nothing.
    pub data: String,
    /// The stream of the schedule that it belongs to.
    pub stream: usize,
    /// When it is due, in microseconds after the start of the load.
    pub due: i64,
}

/// Is told what becomes of operations, by the threads that send them: what takes long here makes them late.
pub trait Sink: Send + Sync + 'static {
    /// An operation is about to be sent, at `sent` microseconds after the start.
    fn begins(&self, operation: &Operation, sent: i64) -> impl Future<Output = ()> + Send;

    /// An operation that was sent at `sent` ended at `ended`.
    fn ends(
        &self,
        operation: Operation,
        sent: i64,
        ended: i64,
        came: Sent,
    ) -> impl Future<Output = ()> + Send;

    /// An operation could not be sent: as many as may be were under way.
    fn dropped(&self, operation: Operation) -> impl Future<Output = ()> + Send;
}

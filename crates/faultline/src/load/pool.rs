//! Connections to one address: idle ones are used again, the one that became idle last first.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use super::connection::{Exchange, HttpConnection};
use super::context::EngineContext;
use super::recording::{LoadOperation, OperationRecorder};
use super::response::Response;

/// Connections to one address, each with a task of its own.
pub(super) struct Pool<S> {
    shared: Arc<EngineContext<S>>,
    state: Arc<PoolState>,
    tasks: TaskTracker,
}

/// Idle connections of a pool, and the number of busy ones in all pools of an engine.
struct PoolState {
    address: SocketAddr,
    /// Idle connections, the latest last; none when the pool is closed.
    // None instead of an empty list after the end: a connection that becomes idle then must see
    // that it is not wanted.
    idle: Mutex<Option<Vec<ConnectionSlot>>>,
    busy: Arc<AtomicUsize>,
}

/// Sender of the next request to an idle connection; the only one, so that its connection sees when the pool is closed.
type ConnectionSlot = mpsc::Sender<PoolRequest>;

/// An operation, and the slot that makes its connection idle again afterwards.
struct PoolRequest {
    operation: LoadOperation,
    slot: ConnectionSlot,
}

impl PoolState {
    /// Takes the connection that became idle last.
    fn take(&self) -> Option<ConnectionSlot> {
        // The latest is used first, so that a load of few operations keeps few connections busy, with warm caches.
        self.lock().as_mut()?.pop()
    }

    /// Makes a connection idle; false if the pool is closed.
    fn put_back(&self, slot: ConnectionSlot) -> bool {
        match self.lock().as_mut() {
            Some(idle) => {
                idle.push(slot);
                true
            }
            None => false,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Vec<ConnectionSlot>>> {
        // A panic leaves the list whole: every use is one push, pop or take.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: OperationRecorder> Pool<S> {
    /// Makes a pool without connections. `busy` counts the operations in flight in all pools of an engine.
    pub(super) fn new(
        shared: Arc<EngineContext<S>>,
        address: SocketAddr,
        busy: Arc<AtomicUsize>,
        tasks: TaskTracker,
    ) -> Self {
        Self {
            shared,
            state: Arc::new(PoolState { address, idle: Mutex::new(Some(Vec::new())), busy }),
            tasks,
        }
    }

    /// Opens connections before they are needed; one that fails is opened again with an operation.
    pub(super) async fn warm(&self, count: usize) {
        let opened =
            futures::future::join_all((0..count).map(|_| HttpConnection::open(self.state.address))).await;
        for connection in opened.into_iter().flatten() {
            self.tasks.spawn(PoolConnection::new(self, Some(connection)).work(None));
        }
        // Each task puts its connection into the pool.
        tokio::task::yield_now().await;
    }

    /// Sends an operation if fewer than `limit` are in flight, else returns it.
    pub(super) fn send(&self, operation: LoadOperation, limit: usize) -> Result<(), LoadOperation> {
        // A limit of its own, since an overloaded system would otherwise take all memory and sockets of the generator.
        // The dropped operations are counted, so the open model is not bent silently.
        if self.state.busy.load(Ordering::Relaxed) >= limit {
            return Err(operation);
        }
        // Two steps and relaxed: all who use the count are tasks of one thread, and it guards no
        // other memory.
        self.state.busy.fetch_add(1, Ordering::Relaxed);
        let mut operation = operation;
        loop {
            let Some(slot) = self.state.take() else {
                self.tasks.spawn(PoolConnection::new(self, None).work(Some(operation)));
                return Ok(());
            };
            // A clone sends, since the request carries the slot itself. No clone outlives the call, or
            // the connection would not see the pool close.
            match slot.clone().try_send(PoolRequest { operation, slot }) {
                Ok(()) => return Ok(()),
                // The connection was closed while it was idle.
                Err(error) => operation = error.into_inner().operation,
            }
        }
    }

    /// Closes the idle connections, and the others after their operations.
    pub(super) fn close(&self) {
        self.state.lock().take();
    }
}

/// A connection of a pool, with its task.
struct PoolConnection<S> {
    shared: Arc<EngineContext<S>>,
    state: Arc<PoolState>,
    connection: Option<HttpConnection>,
}

impl<S: OperationRecorder> PoolConnection<S> {
    fn new(pool: &Pool<S>, connection: Option<HttpConnection>) -> Self {
        Self { shared: Arc::clone(&pool.shared), state: Arc::clone(&pool.state), connection }
    }

    async fn work(mut self, first: Option<LoadOperation>) {
        // One place is enough: a slot is in the pool only while its connection is idle.
        let (slot, mut requests) = mpsc::channel(1);
        let mut request = match first {
            Some(operation) => Some(PoolRequest { operation, slot }),
            None if self.state.put_back(slot) => self.next(&mut requests).await,
            None => None,
        };
        while let Some(PoolRequest { operation, slot }) = request {
            self.perform(operation).await;
            self.state.busy.fetch_sub(1, Ordering::Relaxed);
            let usable = self.connection.as_ref().is_some_and(|connection| !connection.is_over());
            if !usable || !self.state.put_back(slot) {
                return;
            }
            request = self.next(&mut requests).await;
        }
    }

    /// Waits for the next request; none when the pool or the connection is closed.
    async fn next(&mut self, requests: &mut mpsc::Receiver<PoolRequest>) -> Option<PoolRequest> {
        let connection = self.connection.as_mut()?;
        tokio::select! {
            biased;
            request = requests.recv() => request,
            () = connection.closed() => {
                // A request that came meanwhile is sent on a new connection.
                // Closed before the last look: a sender that comes later fails, and takes another connection.
                requests.close();
                requests.try_recv().ok()
            }
        }
    }

    async fn perform(&mut self, operation: LoadOperation) {
        // Taken before a connection is opened: the time to connect is the system's, not lateness of
        // the generator.
        let sent_at = self.shared.now();
        self.shared.recorder.begins(&operation, sent_at).await;
        // The limit is the operation's own deadline and a grace: a slow answer is an outcome of the system, silence is
        // unknown.
        let limit = self.shared.limit;
        let exchanged = tokio::time::timeout(limit, self.exchange(&operation)).await;
        let response = exchanged.unwrap_or_else(|_| {
            // An answer that still comes must not be taken for that of the next request.
            self.connection = None;
            Response::unknown(format!("no answer within {limit:?}"))
        });
        self.shared.recorder.ends(operation, sent_at, self.shared.now(), response).await;
    }

    async fn exchange(&mut self, operation: &LoadOperation) -> Response {
        let expected = self.shared.answer(operation);
        let mut request = match self.shared.request(operation) {
            Ok(request) => request,
            Err(error) => return Response::not_sent(format!("the request can't be made: {error}")),
        };
        // Once more on a new connection, if the old one was closed before anything was sent on it.
        for _ in 0..2 {
            let connection = match self.connection.take().filter(|connection| !connection.is_over()) {
                Some(connection) => connection,
                None => match HttpConnection::open(self.state.address).await {
                    Ok(connection) => connection,
                    Err(error) => return Response::not_sent(error),
                },
            };
            match self.connection.insert(connection).exchange(request, expected).await {
                Exchange::Done(response) => return response,
                Exchange::NotSent(again) => {
                    self.connection = None;
                    request = *again;
                }
            }
        }
        Response::not_sent("the connection was closed before anything was sent, twice".to_owned())
    }
}

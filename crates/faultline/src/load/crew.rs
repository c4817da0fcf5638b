//! Connections to one address: those that rest are used again, the one that rested last first.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use super::answer::Sent;
use super::connection::{Connection, Exchange};
use super::engine::Shared;
use super::{Operation, Sink};

/// Connections to one address, each with a task of its own.
pub(super) struct Crew<S> {
    shared: Arc<Shared<S>>,
    roster: Arc<Roster>,
    tasks: TaskTracker,
}

/// Who rests of a crew, and how many work of all crews of an engine.
struct Roster {
    address: SocketAddr,
    /// None when the crew is dismissed.
    resting: Mutex<Option<Vec<Place>>>,
    busy: Arc<AtomicUsize>,
}

/// Where a member that rests is given its next job; the only one, so that it sees when the crew is dismissed.
type Place = mpsc::Sender<Job>;

/// An operation, and the place where the member will rest afterwards.
struct Job {
    operation: Operation,
    place: Place,
}

impl Roster {
    fn take(&self) -> Option<Place> {
        self.lock().as_mut()?.pop()
    }

    /// Whether there still is a crew to rest in.
    fn rest(&self, place: Place) -> bool {
        match self.lock().as_mut() {
            Some(resting) => {
                resting.push(place);
                true
            }
            None => false,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Vec<Place>>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Sink> Crew<S> {
    /// No connection yet. `busy` counts the operations under way of all crews of an engine.
    pub(super) fn new(
        shared: Arc<Shared<S>>,
        address: SocketAddr,
        busy: Arc<AtomicUsize>,
        tasks: TaskTracker,
    ) -> Self {
        Self {
            shared,
            roster: Arc::new(Roster { address, resting: Mutex::new(Some(Vec::new())), busy }),
            tasks,
        }
    }

    /// Opens connections before they are needed; what can't be opened is tried again with an operation.
    pub(super) async fn warm(&self, count: usize) {
        let opened =
            futures::future::join_all((0..count).map(|_| Connection::open(self.roster.address))).await;
        for connection in opened.into_iter().flatten() {
            self.tasks.spawn(Member::new(self, Some(connection)).work(None));
        }
        // Each takes its place among those that rest.
        tokio::task::yield_now().await;
    }

    /// Has an operation done, if fewer than `limit` are under way; else gives it back.
    pub(super) fn give(&self, operation: Operation, limit: usize) -> Result<(), Operation> {
        if self.roster.busy.load(Ordering::Relaxed) >= limit {
            return Err(operation);
        }
        self.roster.busy.fetch_add(1, Ordering::Relaxed);
        let mut operation = operation;
        loop {
            let Some(place) = self.roster.take() else {
                self.tasks.spawn(Member::new(self, None).work(Some(operation)));
                return Ok(());
            };
            match place.clone().try_send(Job { operation, place }) {
                Ok(()) => return Ok(()),
                // Its connection was closed while it rested.
                Err(error) => operation = error.into_inner().operation,
            }
        }
    }

    /// Ends the members that rest, and the others once they have done what they have to do.
    pub(super) fn dismiss(&self) {
        self.roster.lock().take();
    }
}

/// One connection and its task.
struct Member<S> {
    shared: Arc<Shared<S>>,
    roster: Arc<Roster>,
    connection: Option<Connection>,
}

impl<S: Sink> Member<S> {
    fn new(crew: &Crew<S>, connection: Option<Connection>) -> Self {
        Self { shared: Arc::clone(&crew.shared), roster: Arc::clone(&crew.roster), connection }
    }

    async fn work(mut self, first: Option<Operation>) {
        let (place, mut given) = mpsc::channel(1);
        let mut job = match first {
            Some(operation) => Some(Job { operation, place }),
            None if self.roster.rest(place) => self.next(&mut given).await,
            None => None,
        };
        while let Some(Job { operation, place }) = job {
            self.perform(operation).await;
            self.roster.busy.fetch_sub(1, Ordering::Relaxed);
            let usable = self.connection.as_ref().is_some_and(|connection| !connection.is_over());
            if !usable || !self.roster.rest(place) {
                return;
            }
            job = self.next(&mut given).await;
        }
    }

    /// Rests until there is something to do; none when the crew is dismissed or the connection closed.
    async fn next(&mut self, given: &mut mpsc::Receiver<Job>) -> Option<Job> {
        let connection = self.connection.as_mut()?;
        tokio::select! {
            biased;
            job = given.recv() => job,
            () = connection.closed() => {
                // What was given meanwhile is done on a new connection.
                given.close();
                given.try_recv().ok()
            }
        }
    }

    async fn perform(&mut self, operation: Operation) {
        let sent_at = self.shared.now();
        self.shared.sink.begins(&operation, sent_at).await;
        let limit = self.shared.limit;
        let exchanged = tokio::time::timeout(limit, self.exchange(&operation)).await;
        let sent = exchanged.unwrap_or_else(|_| {
            // An answer that still comes must not be taken for that of the next request.
            self.connection = None;
            Sent::unknown(format!("no answer within {limit:?}"))
        });
        self.shared.sink.ends(operation, sent_at, self.shared.now(), sent).await;
    }

    async fn exchange(&mut self, operation: &Operation) -> Sent {
        let expected = self.shared.answer(operation);
        let mut request = match self.shared.request(operation) {
            Ok(request) => request,
            Err(error) => return Sent::never(format!("the request can't be made: {error}")),
        };
        // Once more on a new connection, if the old one was closed before anything was sent on it.
        for _ in 0..2 {
            let connection = match self.connection.take().filter(|connection| !connection.is_over()) {
                Some(connection) => connection,
                None => match Connection::open(self.roster.address).await {
                    Ok(connection) => connection,
                    Err(told) => return Sent::never(told),
                },
            };
            match self.connection.insert(connection).exchange(request, expected).await {
                Exchange::Done(sent) => return sent,
                Exchange::NotSent(again) => {
                    self.connection = None;
                    request = *again;
                }
            }
        }
        Sent::never("the connection was closed before anything was sent, twice".to_owned())
    }
}

//! The store: one watched connection to MongoDB, shared by the committers and the readers.
//!
//! It is up or down. Whoever sees it fail reports that; the watch then makes a connection anew, with
//! attempts that don't wait for one that hangs, and only a connection that logged in and made sure of the
//! collection and its indexes counts as up.

mod connect;
mod insert;
mod read;
mod watch;

use std::sync::Arc;

use mongodb::bson::RawDocumentBuf;
use mongodb::{Client, Collection};
use tokio::sync::watch::{Receiver, Sender};

pub use connect::BadUrl;
pub(crate) use connect::Target;
pub(crate) use insert::{InsertFailure, Inserted};
pub(crate) use read::{PageRequest, ReadFailure, StoredLog};

use crate::fingerprint::Fingerprints;

/// The store; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    target: Arc<Target>,
    fingerprints: Fingerprints,
    state: Arc<Sender<State>>,
}

/// Whether it is there.
#[derive(Debug, Clone)]
pub(crate) enum State {
    /// Not there, and why.
    Down(String),
    /// There, by this connection.
    Up(Link),
}

/// A connection that has worked.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    number: u64,
    client: Client,
    logs: Collection<RawDocumentBuf>,
}

impl Store {
    /// A store that nobody has tried yet; [`Self::keep`] connects it.
    pub(crate) fn new(target: Target, fingerprints: Fingerprints) -> Self {
        let (state, _) = tokio::sync::watch::channel(State::Down("not tried yet".to_owned()));
        Self { target: Arc::new(target), fingerprints, state: Arc::new(state) }
    }

    /// To follow its state.
    pub(crate) fn watch(&self) -> Receiver<State> {
        self.state.subscribe()
    }

    /// Waits until it is up.
    pub(crate) async fn up(&self) -> Link {
        let mut state = self.watch();
        loop {
            if let State::Up(link) = &*state.borrow_and_update() {
                return link.clone();
            }
            if state.changed().await.is_err() {
                // The sender is ours: it can't be gone while we wait.
                std::future::pending::<()>().await;
            }
        }
    }

    /// The connection, or why there is none.
    pub(crate) fn link(&self) -> Result<Link, String> {
        match &*self.state.borrow() {
            State::Up(link) => Ok(link.clone()),
            State::Down(reason) => Err(reason.clone()),
        }
    }

    /// `link` failed; true for the first who says so of the connection that is used now.
    fn report(&self, link: &Link, reason: &str) -> bool {
        self.state.send_if_modified(|state| match state {
            State::Up(current) if current.number == link.number => {
                *state = State::Down(reason.to_owned());
                true
            }
            _ => false,
        })
    }

    /// Ends when `link` is no longer the one in use.
    async fn lost(&self, link: &Link) {
        let mut state = self.watch();
        let used = |state: &State| matches!(state, State::Up(current) if current.number == link.number);
        let _ = state.wait_for(|state| !used(state)).await;
    }
}

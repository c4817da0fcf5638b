//! The store: one watched connection to MongoDB, shared by the committers and the readers.

mod connect;
mod insert;
mod read;
mod watch;

use std::sync::Arc;

use chassis::link::{Connection, Link};
use mongodb::bson::RawDocumentBuf;
use mongodb::{Client, Collection};

pub use connect::BadMongoUrl;
pub(crate) use connect::StoreTarget;
pub(crate) use insert::{Content, InsertFailure, Inserted};
pub(crate) use read::{PageRequest, ReadFailure, StoredLog};

use crate::fingerprint::Fingerprints;

/// The store; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    target: Arc<StoreTarget>,
    fingerprints: Fingerprints,
    /// The connection; [`Store::keep`] makes it.
    pub(crate) link: Link<Logs>,
}

/// A connection that has logged in and made sure of the collection and its index.
#[derive(Debug, Clone)]
pub(crate) struct Logs {
    client: Client,
    entries: Collection<RawDocumentBuf>,
}

impl Store {
    /// A store that nobody has tried yet.
    pub(crate) fn new(target: StoreTarget, fingerprints: Fingerprints) -> Self {
        Self { target: Arc::new(target), fingerprints, link: Link::default() }
    }

    /// Runs an operation until it ends or the connection is lost meanwhile, whoever notices that.
    // It has no bound of its own: a store that answers pings is only slow, and to give up on it would make it slower.
    // The bound is the deadline of whoever waits.
    async fn unless_lost<T>(
        &self,
        logs: &Connection<Logs>,
        work: impl Future<Output = mongodb::error::Result<T>>,
    ) -> Result<mongodb::error::Result<T>, String> {
        tokio::select! {
            ended = work => Ok(ended),
            () = self.link.lost(logs) => Err("the connection was lost before the store answered".to_owned()),
        }
    }
}

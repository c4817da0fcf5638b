//! Insert of a whole batch, and what is true after it.

use std::collections::{HashMap, HashSet};

use chassis::link::Connection;
use mongodb::bson::{RawDocument, RawDocumentBuf, doc};
use mongodb::error::{Error, ErrorKind, InsertManyError};

use super::{Logs, Store};
use crate::fingerprint::Fingerprint;
use crate::moment::Moment;

/// MongoDB's code for an id that is there already.
const DUPLICATE_KEY: i32 = 11_000;

/// Result of an insert: every document of it that is not named here is stored.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Inserted {
    /// Places of documents whose id was there already.
    pub(crate) duplicates: HashSet<usize>,
    /// Places of documents that the store refused, and why.
    pub(crate) refused: HashMap<usize, String>,
}

/// An insert that did not end with a word on each document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InsertFailure {
    /// Surely nothing was sent.
    #[error("{0}")]
    NotSent(String),
    /// Any of it may be stored.
    #[error("{0}")]
    Unknown(String),
}

/// Content of a stored entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) fingerprint: Fingerprint,
    pub(crate) created_at: Moment,
}

impl Store {
    /// Inserts a batch.
    pub(crate) async fn insert(
        &self,
        logs: &Connection<Logs>,
        documents: Vec<&RawDocumentBuf>,
    ) -> Result<Inserted, InsertFailure> {
        // Unordered: one repeat must not stop the entries after it.
        let insert = logs.entries.insert_many(documents).ordered(false);
        match self.unless_lost(logs, async { insert.await.map(drop) }).await {
            Ok(Ok(())) => Ok(Inserted::default()),
            Ok(Err(error)) => match *error.kind {
                // With an error of the write concern nothing is surely stored: it may not be on a majority.
                ErrorKind::InsertMany(ref partly) if partly.write_concern_error.is_none() => {
                    Ok(inserted(partly))
                }
                _ => Err(self.failed(logs, &error)),
            },
            Err(reason) => Err(InsertFailure::Unknown(reason)),
        }
    }

    /// Looks up what is stored under an id.
    pub(crate) async fn content(
        &self,
        logs: &Connection<Logs>,
        id: &str,
    ) -> Result<Option<Content>, InsertFailure> {
        let find = logs.entries.find_one(doc! { "_id": id }).into_future();
        match self.unless_lost(logs, find).await {
            Ok(Ok(found)) => Ok(found.map(|document| self.content_of(&document))),
            Ok(Err(error)) => Err(self.failed(logs, &error)),
            Err(reason) => Err(InsertFailure::Unknown(reason)),
        }
    }

    /// Reads a document.
    // Whatever a foreign writer left out is taken for empty, which no entry of ours is.
    fn content_of(&self, document: &RawDocument) -> Content {
        let text = |key: &str| document.get_str(key).unwrap_or_default();
        let created_at =
            document.get_datetime("created_at").map_or_else(|_| Moment::now(), Moment::from_bson);
        Content { fingerprint: self.fingerprints.of(text("name"), text("data")), created_at }
    }

    /// Says what an error means for what was sent, and reports a connection that is gone.
    pub(super) fn failed(&self, logs: &Connection<Logs>, error: &Error) -> InsertFailure {
        let (reason, meaning) = (short(error), failure(error));
        if meaning.lost {
            self.link.report(logs, reason.as_str());
        }
        if meaning.sent { InsertFailure::Unknown(reason) } else { InsertFailure::NotSent(reason) }
    }
}

/// Meaning of an error of the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meaning {
    /// The operation may have reached the store.
    pub(super) sent: bool,
    /// The connection is of no more use.
    pub(super) lost: bool,
}

/// Reads an error; what is not known is taken for sent.
pub(super) fn failure(error: &Error) -> Meaning {
    match *error.kind {
        ErrorKind::ServerSelection { .. }
        | ErrorKind::Authentication { .. }
        | ErrorKind::DnsResolve { .. }
        | ErrorKind::Shutdown => Meaning { sent: false, lost: true },
        // A pool that is cleared also ends operations that were sent already.
        ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. } => Meaning { sent: true, lost: true },
        _ => Meaning { sent: true, lost: false },
    }
}

fn inserted(partly: &InsertManyError) -> Inserted {
    let mut inserted = Inserted::default();
    for error in partly.write_errors.iter().flatten() {
        if error.code == DUPLICATE_KEY {
            inserted.duplicates.insert(error.index);
        } else {
            inserted.refused.insert(error.index, format!("{} (code {})", error.message, error.code));
        }
    }
    inserted
}

/// An error in one short line; the driver's own can fill a page with its view of the servers.
pub(super) fn short(error: &Error) -> String {
    let text = error.kind.to_string().replace('\n', " ");
    match text.char_indices().nth(200) {
        Some((place, _)) => format!("{}…", &text[..place]),
        None => text,
    }
}

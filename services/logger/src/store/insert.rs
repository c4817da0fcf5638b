//! One insert of a whole batch, and what is true after it.

use std::collections::HashMap;

use chassis::link::Held;
use futures::TryStreamExt;
use mongodb::bson::{RawDocument, RawDocumentBuf, doc};
use mongodb::error::{Error, ErrorKind, InsertManyError};

use super::{Logs, Store};
use crate::fingerprint::Fingerprint;
use crate::moment::Moment;

/// MongoDB's code for an id that is there already.
const DUPLICATE_KEY: i32 = 11_000;

/// What an insert did: everything in it that is not named here is stored.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Inserted {
    /// Places of documents whose id was there already.
    pub(crate) duplicates: Vec<usize>,
    /// Places of documents that the store refused, and why.
    pub(crate) refused: HashMap<usize, String>,
}

/// An insert that did not end with a word on each document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum InsertFailure {
    /// Surely nothing was sent.
    NotSent(String),
    /// Any of it may be stored.
    Unknown(String),
}

/// Content and moment of stored entries, by id.
pub(crate) type Contents = HashMap<String, (Fingerprint, Moment)>;

impl Store {
    /// Inserts a batch.
    pub(crate) async fn insert(
        &self,
        logs: &Held<Logs>,
        documents: impl Iterator<Item = &RawDocumentBuf>,
    ) -> Result<Inserted, InsertFailure> {
        let insert = logs.entries.insert_many(documents).ordered(false);
        match self.bounded(logs, async { insert.await.map(drop) }).await {
            Ok(Ok(())) => Ok(Inserted::default()),
            Ok(Err(error)) => match *error.kind {
                ErrorKind::InsertMany(ref partly) if partly.write_concern_error.is_none() => {
                    Ok(inserted(partly))
                }
                _ => Err(self.failed(logs, &error)),
            },
            Err(reason) => Err(InsertFailure::Unknown(reason)),
        }
    }

    /// What is stored under some ids.
    pub(crate) async fn contents(&self, logs: &Held<Logs>, ids: &[&str]) -> Result<Contents, InsertFailure> {
        let find = async {
            let found = logs.entries.find(doc! { "_id": { "$in": ids } }).await?;
            found.try_collect::<Vec<RawDocumentBuf>>().await
        };
        match self.bounded(logs, find).await {
            Ok(Ok(found)) => Ok(found.iter().filter_map(|document| self.content(document)).collect()),
            Ok(Err(error)) => Err(self.failed(logs, &error)),
            Err(reason) => Err(InsertFailure::Unknown(reason)),
        }
    }

    fn content(&self, document: &RawDocument) -> Option<(String, (Fingerprint, Moment))> {
        let text = |key: &str| document.get_str(key).ok();
        let fingerprint = self.fingerprints.of(text("name")?, text("data")?);
        let created_at = Moment::from_bson(document.get_datetime("created_at").ok()?);
        Some((text("_id")?.to_owned(), (fingerprint, created_at)))
    }

    /// Says what an error means for what was sent, and reports a connection that is gone.
    pub(super) fn failed(&self, logs: &Held<Logs>, error: &Error) -> InsertFailure {
        let (reason, meaning) = (short(error), failure(error));
        if meaning.lost {
            self.link.report(logs, reason.as_str());
        }
        if meaning.sent { InsertFailure::Unknown(reason) } else { InsertFailure::NotSent(reason) }
    }
}

/// What an error of the driver means.
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
        ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. } => Meaning { sent: true, lost: true },
        _ => Meaning { sent: true, lost: false },
    }
}

fn inserted(partly: &InsertManyError) -> Inserted {
    let mut inserted = Inserted::default();
    for error in partly.write_errors.iter().flatten() {
        if error.code == DUPLICATE_KEY {
            inserted.duplicates.push(error.index);
        } else {
            inserted.refused.insert(error.index, format!("{} (code {})", error.message, error.code));
        }
    }
    inserted
}

/// An error in one short line; the driver's own can fill a page with its view of the servers.
pub(super) fn short(error: &Error) -> String {
    let text = error.to_string();
    match text.char_indices().nth(200) {
        Some((place, _)) => format!("{}…", &text[..place]),
        None => text,
    }
}

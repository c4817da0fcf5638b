//! One insert of a whole batch, and what is true after it.

use std::collections::HashMap;
use std::time::Duration;

use futures::TryStreamExt;
use mongodb::bson::{RawDocument, RawDocumentBuf, doc};
use mongodb::error::{Error, ErrorKind, InsertManyError};

use super::{Link, Store};
use crate::fingerprint::Fingerprint;
use crate::moment::Moment;

/// How long one insert may take. A store that hangs is noticed sooner, by the watch.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);

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
    /// Inserts a batch. Ends early when the connection is lost meanwhile, whoever notices it.
    pub(crate) async fn insert(
        &self,
        link: &Link,
        documents: impl Iterator<Item = &RawDocumentBuf>,
    ) -> Result<Inserted, InsertFailure> {
        let insert = link.logs.insert_many(documents).ordered(false);
        let insert = async { self.bounded(link, async { insert.await.map(drop) }).await };
        match insert.await {
            Ok(Ok(())) => Ok(Inserted::default()),
            Ok(Err(error)) => match *error.kind {
                ErrorKind::InsertMany(ref partly) if partly.write_concern_error.is_none() => {
                    Ok(inserted(partly))
                }
                _ => Err(self.failed(link, &error)),
            },
            Err(reason) => Err(InsertFailure::Unknown(reason)),
        }
    }

    /// What is stored under some ids.
    pub(crate) async fn contents(&self, link: &Link, ids: &[&str]) -> Result<Contents, InsertFailure> {
        let find = async {
            let found = link.logs.find(doc! { "_id": { "$in": ids } }).await?;
            found.try_collect::<Vec<RawDocumentBuf>>().await
        };
        match self.bounded(link, find).await {
            Ok(Ok(found)) => Ok(found.iter().filter_map(|document| self.content(document)).collect()),
            Ok(Err(error)) => Err(self.failed(link, &error)),
            Err(reason) => Err(InsertFailure::Unknown(reason)),
        }
    }

    fn content(&self, document: &RawDocument) -> Option<(String, (Fingerprint, Moment))> {
        let text = |key: &str| document.get_str(key).ok();
        let fingerprint = self.fingerprints.of(text("name")?, text("data")?);
        let created_at = Moment::from_bson(document.get_datetime("created_at").ok()?);
        Some((text("_id")?.to_owned(), (fingerprint, created_at)))
    }

    /// Runs an operation until it ends, takes too long, or the connection is lost.
    pub(super) async fn bounded<T>(
        &self,
        link: &Link,
        work: impl Future<Output = mongodb::error::Result<T>>,
    ) -> Result<mongodb::error::Result<T>, String> {
        tokio::select! {
            ended = tokio::time::timeout(ATTEMPT_TIMEOUT, work) => ended.map_err(|_| {
                let reason = format!("no answer within {ATTEMPT_TIMEOUT:?}");
                self.report(link, &reason);
                reason
            }),
            () = self.lost(link) => Err("the connection was lost before the store answered".to_owned()),
        }
    }

    /// Says what an error means for what was sent, and reports a connection that is gone.
    pub(super) fn failed(&self, link: &Link, error: &Error) -> InsertFailure {
        let reason = short(error);
        match *error.kind {
            ErrorKind::ServerSelection { .. }
            | ErrorKind::Authentication { .. }
            | ErrorKind::DnsResolve { .. }
            | ErrorKind::Shutdown => {
                self.report(link, &reason);
                InsertFailure::NotSent(reason)
            }
            ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. } => {
                self.report(link, &reason);
                InsertFailure::Unknown(reason)
            }
            _ => InsertFailure::Unknown(reason),
        }
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

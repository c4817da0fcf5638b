//! Reading entries, the newest first.

use futures::TryStreamExt;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, Document, RawBsonRef, RawDocument, RawDocumentBuf, doc};

use super::{InsertFailure, Logs, Store};
use crate::moment::Moment;

/// A page ends early beyond this many bytes, since gRPC takes 4 MiB unless told otherwise.
const PAGE_BYTES: usize = 3 * 1024 * 1024;

/// Page of entries that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageRequest {
    pub(crate) limit: u32,
    /// The id after which to go on; empty for the newest.
    pub(crate) after: String,
}

/// An entry as stored; whatever a foreign writer left out is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredLog {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) data: String,
    pub(crate) created_at: String,
    pub(crate) via: String,
}

/// Reason why nothing was read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReadFailure {
    #[error("no entry has the id \"{0}\"; begin with the newest by leaving \"after\" empty")]
    NoSuchId(String),
    #[error("the store is unavailable: {0}")]
    Store(String),
}

impl Store {
    /// Reads a page, the newest entries first.
    pub(crate) async fn read(&self, request: &PageRequest) -> Result<Vec<StoredLog>, ReadFailure> {
        let logs = self.link.current().map_err(ReadFailure::Store)?;
        let read = self.unless_lost(&logs, page(&logs, request)).await;
        match read.map_err(ReadFailure::Store)? {
            Ok(Some(entries)) => Ok(entries),
            Ok(None) => Err(ReadFailure::NoSuchId(request.after.clone())),
            Err(error) => match self.failed(&logs, &error) {
                InsertFailure::NotSent(reason) | InsertFailure::Unknown(reason) => {
                    Err(ReadFailure::Store(reason))
                }
            },
        }
    }
}

/// `None` when the id to go on after is not there.
async fn page(logs: &Logs, request: &PageRequest) -> mongodb::error::Result<Option<Vec<StoredLog>>> {
    let mut filter = Document::new();
    if !request.after.is_empty() {
        let Some(last) = logs.entries.find_one(doc! { "_id": { "$in": ids(&request.after) } }).await? else {
            return Ok(None);
        };
        filter = older_than(&last);
    }
    let newest_first = doc! { "created_at": -1, "_id": -1 };
    let mut found = logs.entries.find(filter).sort(newest_first).limit(i64::from(request.limit)).await?;
    let (mut entries, mut bytes) = (Vec::new(), 0);
    while let Some(document) = found.try_next().await? {
        bytes += document.as_bytes().len();
        // At least one entry, however large: after an empty page nobody would read on.
        if bytes > PAGE_BYTES && !entries.is_empty() {
            break;
        }
        entries.push(stored_log(&document));
    }
    Ok(Some(entries))
}

/// The id as we write it, and as foreign writers do.
fn ids(text: &str) -> Vec<Bson> {
    // Drivers make an ObjectId for a document whose writer gives no `_id`.
    let foreign = ObjectId::parse_str(text).ok().map(Bson::ObjectId);
    std::iter::once(Bson::String(text.to_owned())).chain(foreign).collect()
}

fn older_than(last: &RawDocument) -> Document {
    let value = |key: &str| {
        last.get(key).ok().flatten().and_then(|raw| Bson::try_from(raw).ok()).unwrap_or(Bson::Null)
    };
    let (at, id) = (value("created_at"), value("_id"));
    // By the values of the last entry and not by its number: entries that come meanwhile shift no page.
    doc! { "$or": [{ "created_at": { "$lt": at.clone() } }, { "created_at": at, "_id": { "$lt": id } }] }
}

fn stored_log(document: &RawDocumentBuf) -> StoredLog {
    let text = |key: &str| document.get_str(key).unwrap_or_default().to_owned();
    let id = match document.get("_id") {
        Ok(Some(RawBsonRef::String(id))) => id.to_owned(),
        Ok(Some(RawBsonRef::ObjectId(id))) => id.to_hex(),
        _ => String::new(),
    };
    let created_at = document.get_datetime("created_at").ok();
    StoredLog {
        id,
        name: text("name"),
        data: text("data"),
        created_at: created_at.map(|date| Moment::from_bson(date).rfc3339()).unwrap_or_default(),
        via: text("via"),
    }
}

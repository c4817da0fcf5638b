//! Reading entries, the newest first.

use futures::TryStreamExt;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, Document, RawBsonRef, RawDocument, RawDocumentBuf, doc};

use super::{InsertFailure, Logs, Store};
use crate::moment::Moment;

/// A page ends early beyond this many bytes, since gRPC takes 4 MiB unless told otherwise.
const PAGE_BYTES: usize = 3 * 1024 * 1024;

/// Types in the order in which MongoDB sorts them.
// Without arrays, which sort by one of their elements.
const TYPES: [&str; 8] = ["number", "string", "object", "binData", "objectId", "bool", "date", "timestamp"];

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
    let at = value("created_at");
    let mut older = below("created_at", &at);
    older.extend(below("_id", &value("_id")).into_iter().map(|mut same_moment| {
        same_moment.insert("created_at", at.clone());
        same_moment
    }));
    // By the values of the last entry and not by its number: entries that come meanwhile shift no page.
    doc! { "$or": older }
}

/// Filters that together find the documents whose `field` sorts below `value`.
// One would not do: `$lt` finds values of one type only, while the order of a page has all types.
fn below(field: &str, value: &Bson) -> Vec<Document> {
    // Null sorts lowest, and so does a field that is missing, which the filter for null finds as well.
    if *value == Bson::Null {
        return Vec::new();
    }
    let mut filters = vec![doc! { field: { "$lt": value } }, doc! { field: Bson::Null }];
    let place = type_name(value).and_then(|name| TYPES.iter().position(|known| *known == name));
    // A list without a type would be refused.
    if let Some(place) = place.filter(|place| *place > 0) {
        filters.push(doc! { field: { "$type": &TYPES[..place] } });
    }
    filters
}

/// Name that `$type` has for the type of a value, where [`TYPES`] has it.
fn type_name(value: &Bson) -> Option<&'static str> {
    Some(match value {
        Bson::Int32(_) | Bson::Int64(_) | Bson::Double(_) | Bson::Decimal128(_) => "number",
        Bson::String(_) | Bson::Symbol(_) => "string",
        Bson::Document(_) => "object",
        Bson::Binary(_) => "binData",
        Bson::ObjectId(_) => "objectId",
        Bson::Boolean(_) => "bool",
        Bson::DateTime(_) => "date",
        Bson::Timestamp(_) => "timestamp",
        _ => return None,
    })
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

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use mongodb::bson::DateTime;
    use proptest::prelude::*;

    use super::*;

    /// MongoDB's order of two values of the types below.
    fn order(a: &Bson, b: &Bson) -> Ordering {
        let place = |value: &Bson| TYPES.iter().position(|name| Some(*name) == type_name(value));
        place(a).cmp(&place(b)).then_with(|| match (a, b) {
            (Bson::DateTime(a), Bson::DateTime(b)) => a.cmp(b),
            (Bson::ObjectId(a), Bson::ObjectId(b)) => a.cmp(b),
            (Bson::String(a), Bson::String(b)) => a.cmp(b),
            _ => Ordering::Equal,
        })
    }

    fn value<'a>(document: &'a Document, field: &str) -> &'a Bson {
        document.get(field).unwrap_or(&Bson::Null)
    }

    /// Answers as MongoDB does for the filters of a page.
    fn matches(filter: &Document, document: &Document) -> bool {
        filter.iter().all(|(field, wanted)| match wanted {
            Bson::Array(any) => any.iter().any(|filter| matches(filter.as_document().unwrap(), document)),
            Bson::Document(operator) => operator.iter().all(|(operator, wanted)| {
                let found = value(document, field);
                match operator.as_str() {
                    "$lt" => type_name(found) == type_name(wanted) && order(found, wanted).is_lt(),
                    "$type" => {
                        let names = wanted.as_array().unwrap().iter().map(|name| name.as_str().unwrap());
                        names.into_iter().any(|name| Some(name) == type_name(found))
                    }
                    other => panic!("{other}"),
                }
            }),
            wanted => value(document, field) == wanted,
        })
    }

    fn moments() -> impl Strategy<Value = Option<Bson>> {
        prop_oneof![
            Just(None),
            Just(Some(Bson::Null)),
            "[ab]".prop_map(|text| Some(Bson::String(text))),
            (0i64..3).prop_map(|millis| Some(Bson::DateTime(DateTime::from_millis(millis)))),
        ]
    }

    fn document(number: u8, foreign: bool, created_at: Option<Bson>) -> Document {
        let id = if foreign {
            ObjectId::from_bytes([number; 12]).into()
        } else {
            Bson::String(number.to_string())
        };
        let mut document = doc! { "_id": id };
        document.extend(created_at.map(|moment| ("created_at".to_owned(), moment)));
        document
    }

    proptest! {
        #[test]
        fn pages_go_on_with_all_entries_that_sort_after_the_last(
            made in prop::collection::vec((any::<bool>(), moments()), 1..20),
        ) {
            let made = (0..).zip(made).map(|(number, (foreign, moment))| document(number, foreign, moment));
            let mut documents: Vec<Document> = made.collect();
            let key = |document: &Document, field| value(document, field).clone();
            documents.sort_by(|a, b| {
                let moments = order(&key(b, "created_at"), &key(a, "created_at"));
                moments.then_with(|| order(&key(b, "_id"), &key(a, "_id")))
            });
            for (place, last) in documents.iter().enumerate() {
                let filter = older_than(&RawDocumentBuf::try_from(last).unwrap());
                let found: Vec<&Document> = documents.iter().filter(|document| matches(&filter, document)).collect();
                prop_assert_eq!(found, documents[place + 1..].iter().collect::<Vec<_>>(), "{}", filter);
            }
        }
    }
}

//! MongoDB as a tool of its users sees it: reached with the contract's own connection string.

use std::sync::Arc;

use futures::TryStreamExt;
use mongodb::bson::{Document, doc};
use mongodb::{Client, Collection};
use tokio::time::Instant;

use super::PATIENCE;
use crate::lab::{self, Shared};

/// The collection of the entries.
pub(super) struct Store {
    system: Arc<Shared>,
    client: Client,
    entries: Collection<Document>,
}

impl Store {
    /// Connects with the contract's string as it stands.
    pub(super) fn open() -> Self {
        Self::at("mongodb://mongo:password@localhost:27017/logs_db?&ssl=false")
    }

    /// Connects with a string in which `localhost:27017` stands for where the shared system's is.
    pub(super) fn at(url: &str) -> Self {
        let system = lab::shared();
        // Where other drivers take an empty option for none, this one takes offence.
        let url = url.replacen("?&", "?", 1);
        let url = url.replace("localhost:27017", &system.address("mongo", 27017).to_string());
        let client = system.block_on(Client::with_uri_str(url)).expect("a connection string");
        let entries = client.database("logs_db").collection("logs");
        Self { system, client, entries }
    }

    /// Every document of a filter, or why there is none.
    pub(super) fn try_find(&self, filter: Document) -> mongodb::error::Result<Vec<Document>> {
        self.system.block_on(self.search(filter))
    }

    /// Every document of a filter.
    #[track_caller]
    pub(super) fn find(&self, filter: Document) -> Vec<Document> {
        self.try_find(filter).expect("a store that can be read")
    }

    /// The document of an entry that must be there now.
    #[track_caller]
    pub(super) fn entry(&self, id: &str) -> Document {
        let mut found = self.find(doc! { "_id": id });
        assert_eq!(found.len(), 1, "documents with the id {id}");
        found.remove(0)
    }

    /// Waits until there is a document of a filter.
    #[track_caller]
    pub(super) fn comes(&self, filter: Document) -> Document {
        let waiting = async {
            let until = Instant::now() + PATIENCE;
            loop {
                let found = self.search(filter.clone()).await;
                match found {
                    Ok(mut found) if !found.is_empty() => return Ok(found.remove(0)),
                    found if Instant::now() >= until => return Err(found),
                    _ => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
                }
            }
        };
        let stored = self.system.block_on(waiting);
        stored.unwrap_or_else(|last| panic!("{filter} did not come within {PATIENCE:?}, but {last:?}"))
    }

    /// Puts in a document as another writer would.
    pub(super) fn put(&self, document: Document) {
        self.system.block_on(async { self.entries.insert_one(document).await }).expect("inserted");
    }

    async fn search(&self, filter: Document) -> mongodb::error::Result<Vec<Document>> {
        self.entries.find(filter).await?.try_collect().await
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.system.block_on(self.client.clone().shutdown().immediate(true).into_future());
    }
}

/// A field of a document that must be a text.
#[track_caller]
pub(super) fn text<'a>(document: &'a Document, field: &str) -> &'a str {
    document.get_str(field).unwrap_or_else(|_| panic!("{field} is no text in {document}"))
}

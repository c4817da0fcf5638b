//! Connection that has worked, from a connection string.

use std::time::Duration;

use mongodb::bson::{RawDocumentBuf, doc};
use mongodb::options::{
    Acknowledgment, ClientOptions, CollectionOptions, IndexOptions, ReadConcern, ServerAddress,
    ServerMonitoringMode, WriteConcern,
};
use mongodb::{Client, Collection, Database, IndexModel};
use tokio::net::TcpStream;

use super::Logs;

/// Time between two looks of the driver for the server: its own minimum, since recovery waits for it.
const HEARTBEAT: Duration = Duration::from_millis(500);

/// Bound of making a TCP connection and of the driver's look at the server.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Time for which the driver looks for a server before it says that there is none.
const SELECTION_TIMEOUT: Duration = Duration::from_secs(3);

/// MongoDB's code for a collection that is there already.
const NAMESPACE_EXISTS: i32 = 48;

/// Address of the store: where the entries are.
#[derive(Debug)]
pub(crate) struct StoreTarget {
    options: ClientOptions,
    database: String,
    collection: String,
}

/// A connection string that can't be used.
#[derive(Debug, thiserror::Error)]
#[error("LOGGER_MONGO_URL: expected mongodb://user:password@host:27017/logs_db: {0}")]
pub struct BadMongoUrl(mongodb::error::Error);

/// Reason why no connection was made.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectFailure {
    #[error("{address}: {source}")]
    Unreachable { address: ServerAddress, source: std::io::Error },
    #[error("{}", super::insert::short(.0))]
    Driver(#[from] mongodb::error::Error),
}

impl StoreTarget {
    /// Reads a connection string and sets what the logger promises: majority, journal, quick recovery.
    pub(crate) async fn parse(url: &str, collection: &str) -> Result<Self, BadMongoUrl> {
        // Other drivers take "?&ssl=false", so such strings are about; this one does not.
        let mut options = ClientOptions::parse(url.replacen("?&", "?", 1)).await.map_err(BadMongoUrl)?;
        options.app_name.get_or_insert_with(|| "logger".to_owned());
        options.heartbeat_freq = Some(HEARTBEAT);
        // Polled, so that the heartbeat above is what decides how soon a server that is gone is noticed.
        options.server_monitoring_mode = Some(ServerMonitoringMode::Poll);
        options.connect_timeout.get_or_insert(CONNECT_TIMEOUT);
        options.server_selection_timeout.get_or_insert(SELECTION_TIMEOUT);
        // The committer retries by itself and must know of each attempt.
        options.retry_writes = Some(false);
        options.write_concern = Some(durable());
        let database = options.default_database.clone().unwrap_or_else(|| "logs_db".to_owned());
        Ok(Self { options, database, collection: collection.to_owned() })
    }

    /// Makes a connection, logs in, makes sure of the collection and its index.
    pub(super) async fn connect(&self) -> Result<Logs, ConnectFailure> {
        self.knock().await?;
        let client = Client::with_options(self.options.clone())?;
        let database = client.database(&self.database);
        ensure_collection(&database, &self.collection).await?;
        let options = CollectionOptions::builder()
            .write_concern(durable())
            // A repeat must not be compared with what a failover may still roll back.
            .read_concern(ReadConcern::majority())
            .build();
        let entries: Collection<RawDocumentBuf> = database.collection_with_options(&self.collection, options);
        ensure_index(&entries).await?;
        Ok(Logs { client, entries })
    }

    /// Tries the bare addresses.
    // A refusal is known at once, where the driver would look for a server for all of its time.
    async fn knock(&self) -> Result<(), ConnectFailure> {
        let mut refused = None;
        for address in &self.options.hosts {
            let ServerAddress::Tcp { host, port } = address else { return Ok(()) };
            match TcpStream::connect((host.as_str(), port.unwrap_or(27017))).await {
                Ok(_) => return Ok(()),
                Err(source) => {
                    refused = Some(ConnectFailure::Unreachable { address: address.clone(), source });
                }
            }
        }
        refused.map_or(Ok(()), Err)
    }
}

fn durable() -> WriteConcern {
    // Acknowledged means stored: on a majority of the nodes, and in their journals, when a caller hears of it.
    WriteConcern::builder().w(Acknowledgment::Majority).journal(true).build()
}

/// Creates the collection, if it is not there.
// Before the first insert: a store may lose inserts of several clients that race on creating it.
async fn ensure_collection(database: &Database, name: &str) -> mongodb::error::Result<()> {
    match database.create_collection(name).await {
        Err(error) if !is_command_error(&error, NAMESPACE_EXISTS) => Err(error),
        _ => Ok(()),
    }
}

/// The order of `/logs`: the newest first, equal moments by id.
async fn ensure_index(entries: &Collection<RawDocumentBuf>) -> mongodb::error::Result<()> {
    let options = IndexOptions::builder().name("newest_first".to_owned()).build();
    let index = IndexModel::builder().keys(doc! { "created_at": -1, "_id": -1 }).options(options).build();
    // At each connection: MongoDB does nothing for an index that it has under this name and with these keys.
    entries.create_index(index).await.map(drop)
}

fn is_command_error(error: &mongodb::error::Error, code: i32) -> bool {
    matches!(&*error.kind, mongodb::error::ErrorKind::Command(command) if command.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_database_is_that_of_the_url_or_logs_db() {
        let target = StoreTarget::parse("mongodb://u:p@127.0.0.1:1/other?&ssl=false", "logs").await.unwrap();
        assert_eq!(target.database, "other");
        let target = StoreTarget::parse("mongodb://127.0.0.1:1", "logs").await.unwrap();
        assert_eq!(target.database, "logs_db");
    }

    #[tokio::test]
    async fn a_bad_url_is_named_without_its_password() {
        let error = StoreTarget::parse("http://u:secret@h/x", "logs").await.unwrap_err().to_string();
        assert!(error.contains("MONGO_URL") && !error.contains("secret"), "{error}");
    }

    #[tokio::test]
    async fn a_refused_connection_is_known_at_once() {
        let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = taken.local_addr().unwrap();
        drop(taken);
        let target = StoreTarget::parse(&format!("mongodb://{address}"), "logs").await.unwrap();
        let failure = target.connect().await.unwrap_err();
        assert!(matches!(failure, ConnectFailure::Unreachable { .. }), "{failure}");
    }
}

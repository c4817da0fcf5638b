//! Reads stores and queues, past the proxies of the links.

use std::time::Duration;

use futures::TryStreamExt;
use mongodb::bson::{Document, doc};
use mongodb::options::ClientOptions;

use crate::history::Entry;
use crate::load::payload;
use crate::stack::Stack;
use crate::stack::topology::{QueueSpec, StoreSpec};

/// Longest time that one reading may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Reads the entries of a store that came from the operations of a run.
///
/// # Errors
/// The reason why the store can't be read, in words.
pub async fn store(stack: &Stack, store: &StoreSpec, run: &str) -> Result<Vec<Entry>, String> {
    let StoreSpec::Mongodb { url, collection, field } = store;
    // Past the proxies: a fault of a link must not hide an entry from the verdict.
    let url = stack.reachable(url);
    match tokio::time::timeout(LIMIT, mongodb(&url, collection, field, run)).await {
        Ok(read) => read.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} s", LIMIT.as_secs())),
    }
}

async fn mongodb(url: &str, collection: &str, field: &str, run: &str) -> mongodb::error::Result<Vec<Entry>> {
    let mut options = ClientOptions::parse(url).await?;
    // The default of 30 s would use up the whole limit for a store that is down.
    options.server_selection_timeout = Some(Duration::from_secs(5));
    let client = mongodb::Client::with_options(options)?;
    // The driver has no default; that of MongoDB's own shell is `test`.
    let database = client.default_database().unwrap_or_else(|| client.database("test"));
    // A store may hold far more than a run has put into it.
    // The id needs no escape: it is a letter and hexadecimal digits.
    let of_run = doc! { field: { "$regex": format!("^{run}-") } };
    let mut cursor =
        database.collection::<Document>(collection).find(of_run).projection(doc! { field: 1 }).await?;
    let mut entries = Vec::new();
    while let Some(document) = cursor.try_next().await? {
        if let Ok(data) = document.get_str(field) {
            entries.extend(entry(data, run));
        }
    }
    // Immediate, since a graceful shutdown waits for the cursor to be dropped.
    client.shutdown().immediate(true).await;
    Ok(entries)
}

/// Parses the entry of a run's operation; none for data that came from elsewhere.
fn entry(data: &str, run: &str) -> Option<Entry> {
    let op = payload::operation_of(data);
    let ours = op.strip_prefix(run).is_some_and(|rest| rest.starts_with('-'));
    ours.then(|| Entry { op: op.to_owned(), hash: payload::hash(data) })
}

/// Counts the messages that wait in a queue.
///
/// # Errors
/// The reason why the queue can't be read, in words.
pub async fn depth(stack: &Stack, queue: &QueueSpec) -> Result<u64, String> {
    let QueueSpec::Amqp { url, name } = queue;
    let url = stack.reachable(url);
    match tokio::time::timeout(LIMIT, amqp(&url, name)).await {
        Ok(read) => read.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} s", LIMIT.as_secs())),
    }
}

async fn amqp(url: &str, name: &str) -> lapin::Result<u64> {
    use lapin::options::QueueDeclareOptions;
    let connection = lapin::Connection::connect(url, lapin::ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    // Passive, which only asks: declaring would need the exact arguments of the queue.
    let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
    let queue = channel.queue_declare(name.into(), options, lapin::types::FieldTable::default()).await?;
    // RabbitMQ counts messages that are ready, not those delivered and unacknowledged, so an
    // empty queue alone proves no drain.
    let waiting = u64::from(queue.message_count());
    connection.close(200, "read".into()).await?;
    Ok(waiting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_entries_of_the_run_count() {
        assert_eq!(entry("r1-log-000001 abc", "r1").unwrap().op, "r1-log-000001");
        assert_eq!(entry("r12-log-000001 abc", "r1"), None);
        assert_eq!(entry("something else", "r1"), None);
    }
}

//! Database that the logger writes to, reached past the logger.

use benches::workload::data;
use benches::{BenchError, RunningSystem};
use mongodb::bson::{DateTime, Document, doc};
use mongodb::{Client, Database};
use uuid::Uuid;

/// Bytes of the data of an entry.
pub(crate) const SIZE: usize = 256;

pub(crate) async fn database(system: &RunningSystem) -> Result<Database, BenchError> {
    let mongo = system.address("mongo", 27017)?;
    let url = format!("mongodb://mongo:password@{mongo}/logs_db?directConnection=true");
    Ok(Client::with_uri_str(url).await?.database("logs_db"))
}

/// Entry as the logger stores it.
pub(crate) fn document() -> Document {
    let id = Uuid::now_v7().to_string();
    let data = data(&id, SIZE);
    doc! { "_id": id, "name": "bench", "data": data, "created_at": DateTime::now(), "via": "log-grpc" }
}

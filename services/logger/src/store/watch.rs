//! Keeps the store connected: connects, looks after the connection, connects anew.

use std::sync::Arc;
use std::time::Duration;

use chassis::attempts::Attempts;
use chassis::health::Dependency;
use chassis::link::{Connection, until_lost};
use mongodb::bson::doc;

use super::insert::failure;
use super::{Logs, Store};

/// A store that does not answer for so long is taken for gone.
// Longer than a slow link, shorter than most deadlines.
const LOOK: Duration = Duration::from_secs(2);

/// Attempts to connect.
const ATTEMPTS: Attempts = Attempts::each(Duration::from_secs(15));

impl Store {
    /// Keeps the store connected, for ever, and says so to `dependency`.
    // To end it, drop the future.
    pub(crate) async fn keep(&self, dependency: &Dependency) {
        let connect = || {
            let target = Arc::clone(&self.target);
            async move { target.connect().await }
        };
        let look = async |logs: &Connection<Logs>| until_lost(&[], LOOK, || ping(logs)).await;
        self.link.keep(ATTEMPTS, dependency, connect, look).await;
    }
}

/// Pings the store; any answer shows that it is there, be it a refusal.
async fn ping(logs: &Logs) -> Result<(), String> {
    // The driver's monitor has connections of its own; this ping goes the way of the inserts.
    match logs.client.database("admin").run_command(doc! { "ping": 1 }).await {
        Err(error) if failure(&error).lost => Err(super::insert::short(&error)),
        _ => Ok(()),
    }
}

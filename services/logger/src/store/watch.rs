//! Keeps the store connected: connects, looks after the connection, connects anew.

use std::sync::Arc;
use std::time::Duration;

use chassis::attempts::Attempts;
use chassis::health::Dependency;
use mongodb::bson::doc;

use super::insert::failure;
use super::{Logs, Store};

/// How often a connection in use is looked at.
const PING_EVERY: Duration = Duration::from_millis(500);

/// A store that does not answer for so long is taken for gone. Longer than a slow link, shorter than most
/// deadlines.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

/// Connecting: a store that is back is found within a quarter of a second.
const ATTEMPTS: Attempts =
    Attempts { pace: Duration::from_millis(250), beside: 6, each: Duration::from_secs(15) };

impl Store {
    /// Keeps the store connected, for ever, and says so to `dependency`. To end it, drop the future.
    pub(crate) async fn keep(&self, dependency: &Dependency) {
        let connect = || {
            let target = Arc::clone(&self.target);
            async move { target.connect().await }
        };
        self.link.keep(ATTEMPTS, dependency, connect, async |logs| ping_until_silent(logs).await).await;
    }
}

/// Ends, with the reason, when the store does not answer a ping.
async fn ping_until_silent(logs: &Logs) -> String {
    let admin = logs.client.database("admin");
    loop {
        tokio::time::sleep(PING_EVERY).await;
        let ping = admin.run_command(doc! { "ping": 1 }).into_future();
        match tokio::time::timeout(PING_TIMEOUT, ping).await {
            Ok(Ok(_)) => {}
            // An answer, be it a refusal.
            Ok(Err(error)) if !failure(&error).lost => {}
            Ok(Err(error)) => return super::insert::short(&error),
            Err(_) => return format!("no answer to a ping within {PING_TIMEOUT:?}"),
        }
    }
}

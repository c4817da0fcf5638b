//! Keeps the store connected: connects, looks after the connection, connects anew.

use std::sync::Arc;
use std::time::Duration;

use chassis::attempts::Attempts;
use chassis::health::Dependency;
use mongodb::bson::doc;

use super::{Link, State, Store};

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
        let mut number = 0;
        loop {
            number += 1;
            let link = self.connect(number, dependency).await;
            tracing::info!("the store is there");
            dependency.ready();
            self.state.send_replace(State::Up(link.clone()));
            let reason = self.watch_until_lost(&link).await;
            tracing::warn!("the store is gone: {reason}");
            dependency.waits(reason);
        }
    }

    async fn connect(&self, number: u64, dependency: &Dependency) -> Link {
        let attempt = || {
            let target = Arc::clone(&self.target);
            async move { target.connect(number).await }
        };
        let mut last = String::new();
        let failed = |reason: &str| {
            if last != reason {
                tracing::info!("waiting for the store: {reason}");
                reason.clone_into(&mut last);
            }
            dependency.waits(reason);
            self.state.send_if_modified(|state| {
                if let State::Down(told) = state {
                    reason.clone_into(told);
                }
                false
            });
        };
        ATTEMPTS.until_success(attempt, failed).await
    }

    /// Looks after a connection until somebody reports it lost, and says why.
    async fn watch_until_lost(&self, link: &Link) -> String {
        tokio::select! {
            () = self.lost(link) => {}
            () = self.ping_until_silent(link) => {}
        }
        match &*self.state.borrow() {
            State::Down(reason) => reason.clone(),
            State::Up(_) => String::new(),
        }
    }

    async fn ping_until_silent(&self, link: &Link) {
        let admin = link.client.database("admin");
        loop {
            tokio::time::sleep(PING_EVERY).await;
            let ping = admin.run_command(doc! { "ping": 1 }).into_future();
            match tokio::time::timeout(PING_TIMEOUT, ping).await {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => {
                    self.failed(link, &error);
                }
                Err(_) => {
                    self.report(link, &format!("no answer to a ping within {PING_TIMEOUT:?}"));
                    return;
                }
            }
        }
    }
}

//! Keeps an eye on PostgreSQL: migrates once it is there, then tells whether it still is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chassis::attempts::Attempts;
use chassis::breaker::BreakerState;
use chassis::deadline::Deadline;
use chassis::health::Dependency;
use sqlx::migrate::{MigrateError, Migrator};

use crate::connections::{Connections, StoreError};

static MIGRATIONS: Migrator = sqlx::migrate!();

/// Between two looks while all is well.
const CALM: Duration = Duration::from_secs(1);

/// Between two looks while something is not.
const UNEASY: Duration = Duration::from_millis(250);

/// The time for one look while PostgreSQL is there; a slow link must not be taken for a lost one.
const LOOK: Duration = Duration::from_secs(3);

/// Attempts to find PostgreSQL again: one that hangs does not keep the next from beginning.
const ATTEMPTS: Attempts = Attempts { pace: UNEASY, beside: 4, each: Duration::from_secs(20) };

/// A database that can't be used yet.
#[derive(Debug, thiserror::Error)]
enum NotYet {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("PostgreSQL: {0}")]
    Connect(#[from] sqlx::Error),
    #[error("the table of users can't be made: {0}")]
    Migrate(#[from] MigrateError),
}

/// Watches until dropped.
pub(crate) async fn watch(connections: Connections, dependency: Dependency) {
    let migrated = Arc::new(AtomicBool::new(false));
    loop {
        let attempt = || prepare(connections.clone(), Arc::clone(&migrated));
        ATTEMPTS.until_success(attempt, |failure| dependency.waits(failure)).await;
        connections.gate().breaker().close();
        dependency.ready();
        tracing::info!("PostgreSQL is there");
        let lost = until_lost(&connections).await;
        tracing::warn!("PostgreSQL is away: {lost}");
        dependency.waits(lost.to_string());
    }
}

async fn until_lost(connections: &Connections) -> StoreError {
    loop {
        let closed = connections.gate().breaker().state() == BreakerState::Closed;
        tokio::time::sleep(if closed { CALM } else { UNEASY }).await;
        match connections.probe(Deadline::after(LOOK)).await {
            // Only if nobody else does: a failure that is counted must not be forgotten by a look.
            Ok(()) if !closed => connections.gate().breaker().close(),
            Ok(()) => {}
            Err(lost) => return lost,
        }
    }
}

async fn prepare(connections: Connections, migrated: Arc<AtomicBool>) -> Result<(), NotYet> {
    if !migrated.load(Ordering::Acquire) {
        let mut connection = connections.connect().await?;
        // `run` is this with an `Acquire` bound, which a task that may move between threads can't meet.
        MIGRATIONS.run_direct(None, &mut connection, false).await?;
        migrated.store(true, Ordering::Release);
        tracing::info!("the table of users is up to date");
    }
    Ok(connections.probe(Deadline::after(ATTEMPTS.each)).await?)
}

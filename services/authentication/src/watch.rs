//! Keeps an eye on PostgreSQL: migrates once it is there, then tells whether it still is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chassis::CancellationToken;
use chassis::attempts::Attempts;
use chassis::deadline::Deadline;
use chassis::health::Dependency;
use chassis::link::{Keeper, until_lost};
use sqlx::migrate::{MigrateError, Migrator};

use crate::connections::{Connections, StoreError};

static MIGRATIONS: Migrator = sqlx::migrate!();

/// Time for one look while PostgreSQL is there; a slow link must not be taken for a lost one.
const LOOK: Duration = Duration::from_secs(3);

/// Attempts to find PostgreSQL again.
const ATTEMPTS: Attempts = Attempts::each(Duration::from_secs(20));

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
    let breaker = connections.gate().breaker();
    // The token is never cancelled: whoever runs the watch drops it.
    let keeper = Keeper { attempts: ATTEMPTS, dependency: &dependency, end: CancellationToken::new() };
    let connect = || prepare(connections.clone(), Arc::clone(&migrated));
    let session = |(): ()| {
        breaker.close();
        dependency.ready();
        let look = || connections.probe(Deadline::after(LOOK));
        until_lost(std::slice::from_ref(breaker), LOOK, look)
    };
    keeper.run(connect, |_| {}, session).await;
}

async fn prepare(connections: Connections, migrated: Arc<AtomicBool>) -> Result<(), NotYet> {
    if !migrated.load(Ordering::Acquire) {
        let mut connection = connections.connect().await?;
        // `run` is this with an `Acquire` bound, which a task that may move between threads can't meet.
        // Other attempts and replicas may do the same: the migrator holds an advisory lock of PostgreSQL.
        MIGRATIONS.run_direct(None, &mut connection, false).await?;
        // Once in a life: a database that comes back is the one that was migrated, and a look must stay cheap.
        migrated.store(true, Ordering::Release);
        tracing::info!("the table of users is up to date");
    }
    // The probe decides: the connections that requests use must answer, not only the one of the migrations.
    Ok(connections.probe(Deadline::after(ATTEMPTS.each)).await?)
}

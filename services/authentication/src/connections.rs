//! The way to PostgreSQL: few connections, long-lived, and none that may hang is used twice.
//!
//! Not sqlx's pool, for two reasons. It takes a connection back after a query that was given up, and then
//! waits for its answer without a limit; and an idle connection whose link was cut is found out only by the
//! request that it hangs.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chassis::deadline::{Deadline, Passed};
use chassis::gate::{Closed, Entered, Gate};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// Connections to one database; clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Connections {
    options: Arc<PgConnectOptions>,
    gate: Gate,
    idle: Arc<Mutex<Vec<PgConnection>>>,
}

/// One connection, for one query. Dropped without [`Lease::end`] it is closed: a query that was given up may
/// still be running on it.
#[derive(Debug)]
pub(crate) struct Lease {
    connection: PgConnection,
    home: Connections,
    entered: Entered,
}

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// Not asked at all.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// No connection, or it broke, or PostgreSQL refused.
    #[error("PostgreSQL: {0}")]
    Failed(#[from] sqlx::Error),
    /// The deadline passed first.
    #[error("PostgreSQL did not answer in time")]
    Passed,
}

impl From<Passed> for StoreError {
    fn from(Passed: Passed) -> Self {
        Self::Passed
    }
}

impl Connections {
    /// No connection yet; the first question makes one.
    pub(crate) fn new(options: PgConnectOptions, gate: Gate) -> Self {
        Self { options: Arc::new(options), gate, idle: Arc::default() }
    }

    /// A connection that answers, and gives up a statement at the deadline.
    pub(crate) async fn lease(&self, deadline: Deadline) -> Result<Lease, StoreError> {
        let entered = self.gate.enter(deadline).await?;
        match self.checkout(deadline, deadline.remaining() / 2).await {
            Ok(connection) => Ok(Lease { connection, home: self.clone(), entered }),
            Err(error) => {
                entered.failure();
                Err(error)
            }
        }
    }

    /// Sees whether PostgreSQL answers, without asking the gate.
    pub(crate) async fn probe(&self, deadline: Deadline) -> Result<(), StoreError> {
        let connection = self.checkout(deadline, deadline.remaining()).await?;
        self.give_back(connection);
        Ok(())
    }

    /// A connection of its own, for migrations.
    pub(crate) async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        PgConnection::connect_with(&self.options).await
    }

    /// The gate in front of them.
    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// A connection that answers. An idle one may be dead, or hang: `patience` is the time for finding out.
    async fn checkout(&self, deadline: Deadline, patience: Duration) -> Result<PgConnection, StoreError> {
        while let Some(mut connection) = self.take_idle() {
            match deadline.at_most(patience).bound(arm(&mut connection, deadline)).await {
                Ok(Ok(())) => return Ok(connection),
                Ok(Err(error)) => tracing::debug!("an idle connection was dead: {error}"),
                Err(Passed) => self.forget_idle(),
            }
        }
        let mut connection = deadline.bound(self.connect()).await??;
        deadline.bound(arm(&mut connection, deadline)).await??;
        Ok(connection)
    }

    fn take_idle(&self) -> Option<PgConnection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// One hangs, so those that came the same way do.
    fn forget_idle(&self) {
        let hanging = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        drop(hanging);
    }

    fn give_back(&self, connection: PgConnection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

impl Lease {
    /// The connection, to ask one question.
    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Ends with the answer to the question. The connection is kept only if there was one.
    pub(crate) fn end<T>(self, answer: Result<Result<T, sqlx::Error>, Passed>) -> Result<T, StoreError> {
        match answer {
            Ok(Ok(value)) => {
                self.home.give_back(self.connection);
                self.entered.success();
                Ok(value)
            }
            // PostgreSQL's own word: it is alive. What state the connection is in is not worth finding out.
            Ok(Err(error @ sqlx::Error::Database(_))) => {
                self.entered.success();
                Err(error.into())
            }
            Ok(Err(error)) => {
                self.entered.failure();
                Err(error.into())
            }
            Err(Passed) => {
                self.entered.failure();
                Err(StoreError::Passed)
            }
        }
    }
}

/// Sets when PostgreSQL shall give up the next statements by itself, which also shows that the connection is
/// alive. One round trip.
async fn arm(connection: &mut PgConnection, deadline: Deadline) -> Result<(), sqlx::Error> {
    let limit = deadline.remaining().max(Duration::from_millis(1)).as_millis();
    let sql = format!("SET statement_timeout = {limit}; SET lock_timeout = {limit}");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}

//! The way to PostgreSQL: few connections, long-lived, and none that may hang is used twice.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chassis::breaker::Conduct;
use chassis::deadline::{Deadline, Passed};
use chassis::gate::{Gate, GateClosed, GatePass};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::time::Instant;

/// Time without an answer after which an idle connection, and every other one that is idle, is taken for cut off.
const HANGS: Duration = Duration::from_secs(1);

/// Connections to one database; clones share them.
// Not sqlx's pool, for two reasons. It takes a connection back after a query that was given up, and then waits for
// its answer without a limit; and an idle connection whose link was cut is found out only by the request that it
// hangs.
#[derive(Debug, Clone)]
pub(crate) struct Connections {
    options: Arc<PgConnectOptions>,
    gate: Gate,
    idle: Arc<Mutex<Vec<PgConnection>>>,
}

/// Lease of a connection, for one query. Dropped without [`Lease::end`] it is closed: a query that was given up may
/// still be running on it.
#[derive(Debug)]
pub(crate) struct Lease {
    connection: PgConnection,
    home: Connections,
    entered: GatePass,
    asked: Instant,
}

/// Reason why a question was not answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// Not asked at all.
    #[error(transparent)]
    Closed(#[from] GateClosed),
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
        let (entered, asked) = (self.gate.enter(deadline).await?, Instant::now());
        // Half of the time for an idle connection: if that hangs, the other half is for a new one.
        match self.checkout(deadline, deadline.remaining() / 2).await {
            Ok(connection) => Ok(Lease { connection, home: self.clone(), entered, asked }),
            Err(error) => {
                entered.end(match error {
                    StoreError::Passed => Conduct::Silent { sent: Some(asked) },
                    StoreError::Failed(_) | StoreError::Closed(_) => Conduct::Broken,
                });
                Err(error)
            }
        }
    }

    /// Sees whether PostgreSQL answers, without asking the gate.
    pub(crate) async fn probe(&self, deadline: Deadline) -> Result<(), StoreError> {
        // Past the gate: a look must find PostgreSQL alive though its breaker is open.
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

    /// A connection that answers.
    // An idle one may be dead, or hang: `patience` is the time for finding out.
    async fn checkout(&self, deadline: Deadline, patience: Duration) -> Result<PgConnection, StoreError> {
        while let Some(mut connection) = self.take_idle() {
            let asked = Instant::now();
            match deadline.at_most(patience).bound(arm(&mut connection, deadline)).await {
                Ok(Ok(())) => return Ok(connection),
                // A closed one fails at once, so there is time to try the next.
                Ok(Err(error)) => tracing::debug!("an idle connection was dead: {error}"),
                Err(Passed) => {
                    // A caller with little time has not shown that the others hang: they are left to callers with more.
                    if asked.elapsed() >= HANGS {
                        self.forget_idle();
                    }
                    // Not the next idle one, which probably hangs too: the time is for a new connection.
                    break;
                }
            }
        }
        let mut connection = deadline.bound(self.connect()).await??;
        deadline.bound(arm(&mut connection, deadline)).await??;
        Ok(connection)
    }

    fn take_idle(&self) -> Option<PgConnection> {
        // The one that was used last: it is the least likely to be cut off.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Drops every idle connection: one hangs, so those that came the same way do.
    fn forget_idle(&self) {
        let hanging = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        // Closed after the lock is free: others need not wait for that.
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

    /// Ends with the answer to the question.
    // The connection is kept only if there was one.
    pub(crate) fn end<T>(self, answer: Result<Result<T, sqlx::Error>, Passed>) -> Result<T, StoreError> {
        let (conduct, answer) = match answer {
            Ok(Ok(value)) => {
                self.home.give_back(self.connection);
                (Conduct::Answered, Ok(value))
            }
            // PostgreSQL's own word: it is alive. What state the connection is in is not worth finding out.
            Ok(Err(error @ sqlx::Error::Database(_))) => (Conduct::Answered, Err(error.into())),
            Ok(Err(error)) => (Conduct::Broken, Err(error.into())),
            Err(Passed) => (Conduct::Silent { sent: Some(self.asked) }, Err(StoreError::Passed)),
        };
        self.entered.end(conduct);
        answer
    }
}

/// Sets when PostgreSQL shall give up the next statements by itself, which also shows that the connection is
/// alive. One round trip.
async fn arm(connection: &mut PgConnection, deadline: Deadline) -> Result<(), sqlx::Error> {
    // Never 0, which is no limit at all to PostgreSQL.
    let limit = deadline.remaining().max(Duration::from_millis(1)).as_millis();
    // Two statements in one round trip, which only the simple protocol allows; only the number varies.
    let sql = format!("SET statement_timeout = {limit}; SET lock_timeout = {limit}");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}

//! The table of users.

use chassis::deadline::Deadline;
use sqlx::FromRow;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use wire::user::User;

use crate::connections::{Connections, StoreError};

// The casts and defaults also read a table that another implementation of the contract made.
// `lower(email)` is the expression of the table's index.
const FIND: &str = "SELECT id::bigint AS id, email, password, \
     coalesce(first_name, '') AS first_name, coalesce(last_name, '') AS last_name, \
     created_at::timestamptz AS created_at \
     FROM users WHERE lower(email) = lower($1)";

// Only over the hash that was checked: the password may have been changed meanwhile.
const RENEW: &str = "UPDATE users SET password = $3 WHERE id = $1 AND password = $2";

/// The table; clones share its connections.
#[derive(Debug, Clone)]
pub(crate) struct Users {
    connections: Connections,
}

/// A user with the hash of the password.
// Its `Debug` shows nothing.
#[derive(FromRow)]
struct Row {
    id: i64,
    email: String,
    password: String,
    first_name: String,
    last_name: String,
    created_at: Option<OffsetDateTime>,
}

/// A user who was found, and the hash of the password.
pub(crate) struct UserRecord {
    /// Fields that the answer shows.
    pub(crate) user: User,
    /// Hash of the password, which it never shows.
    pub(crate) hash: String,
}

impl Users {
    /// The table `users` behind these connections.
    pub(crate) fn new(connections: Connections) -> Self {
        Self { connections }
    }

    /// The user of an address, compared without case.
    pub(crate) async fn find(
        &self,
        email: &str,
        deadline: Deadline,
    ) -> Result<Option<UserRecord>, StoreError> {
        let mut lease = self.connections.lease(deadline).await?;
        let question = sqlx::query_as::<_, Row>(FIND).bind(email).fetch_optional(lease.connection());
        let answer = deadline.bound(question).await;
        Ok(lease.end(answer)?.map(UserRecord::from))
    }

    /// Replaces a hash by one of another cost.
    pub(crate) async fn renew(
        &self,
        id: i64,
        old: &str,
        new: &str,
        deadline: Deadline,
    ) -> Result<(), StoreError> {
        let mut lease = self.connections.lease(deadline).await?;
        let question = sqlx::query(RENEW).bind(id).bind(old).bind(new).execute(lease.connection());
        let answer = deadline.bound(question).await;
        lease.end(answer)?;
        Ok(())
    }
}

impl From<Row> for UserRecord {
    fn from(row: Row) -> Self {
        let created_at = row.created_at.and_then(|moment| moment.format(&Rfc3339).ok()).unwrap_or_default();
        let user = User {
            id: row.id,
            email: row.email,
            first_name: row.first_name,
            last_name: row.last_name,
            created_at,
        };
        Self { user, hash: row.password }
    }
}

#[cfg(test)]
mod tests {
    /// The migration's hash must be the contract's password's.
    #[test]
    fn the_contracts_user_can_log_in() {
        let migration = include_str!("../migrations/0002_admin.sql");
        let hash = migration.split('\'').find(|part| part.starts_with("$2b$10$")).unwrap();
        assert!(bcrypt::verify("password123", hash).unwrap());
    }
}

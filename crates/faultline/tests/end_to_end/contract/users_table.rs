//! PostgreSQL's side of the contract: who may log in, and what the table of users looks like.

use std::future::Future;
use std::sync::Arc;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{Connection, PgConnection};
use time::OffsetDateTime;

use super::own;
use crate::lab::{self, Shared};

/// A connection as the contract's string makes it.
struct Table {
    system: Arc<Shared>,
    connection: PgConnection,
}

/// The contract's string, with `localhost:5432` replaced by where the shared system's is.
fn options(system: &Shared) -> PgConnectOptions {
    let address = system.address("postgres", 5432);
    PgConnectOptions::new()
        .host(&address.ip().to_string())
        .port(address.port())
        .username("postgres")
        .password("password")
        .database("users_db")
        .ssl_mode(PgSslMode::Disable)
        .options([("timezone", "UTC")])
}

impl Table {
    fn open() -> Self {
        let system = lab::shared();
        let connection = system.block_on(PgConnection::connect_with(&options(&system)));
        Self { connection: connection.expect("a connection"), system }
    }

    /// Runs a question.
    fn wait<'a, F: Future>(&'a mut self, question: impl FnOnce(&'a mut PgConnection) -> F) -> F::Output {
        self.system.block_on(question(&mut self.connection))
    }
}

#[test]
fn the_user_logs_in_with_the_contracts_string_and_only_with_its_password() {
    let mut table = Table::open();
    let zone: (String,) =
        table.wait(|connection| sqlx::query_as("SHOW timezone").fetch_one(connection)).expect("a time zone");
    assert_eq!(zone.0, "UTC");
    let wrong = options(&table.system).password("wrong");
    let refused = table.system.block_on(PgConnection::connect_with(&wrong)).expect_err("a wrong password");
    assert!(
        matches!(&refused, sqlx::Error::Database(told) if told.code().as_deref() == Some("28P01")),
        "{refused}"
    );
}

#[test]
fn the_columns_are_those_of_the_contract() {
    const COLUMNS: &str = "SELECT column_name::text, data_type::text, column_default::text \
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'users' \
        ORDER BY ordinal_position";
    let columns: Vec<(String, String, Option<String>)> =
        Table::open().wait(|connection| sqlx::query_as(COLUMNS).fetch_all(connection)).expect("the columns");
    let types: Vec<(&str, &str)> = columns.iter().map(|(name, kind, _)| (&**name, &**kind)).collect();
    let expected = [
        ("id", "integer"),
        ("email", "text"),
        ("password", "text"),
        ("first_name", "text"),
        ("last_name", "text"),
        ("created_at", "timestamp with time zone"),
    ];
    assert_eq!(types, expected);
    let default = |place: usize| columns[place].2.as_deref().unwrap_or_default();
    assert!(default(0).starts_with("nextval("), "id is not serial: {}", default(0));
    assert_eq!(default(5), "now()");
}

#[test]
fn there_is_one_user_whose_password_is_a_bcrypt_hash() {
    const USERS: &str = "SELECT email, password, first_name, last_name, created_at FROM users";
    let users: Vec<(String, String, String, String, OffsetDateTime)> =
        Table::open().wait(|connection| sqlx::query_as(USERS).fetch_all(connection)).expect("the users");
    let [(email, hash, _, _, created_at)] = &users[..] else { panic!("{} users", users.len()) };
    assert_eq!(email, "admin@example.com");
    // Its algorithm, its cost, and that of a salt and a hash together.
    assert!(hash.starts_with("$2") && hash.split('$').count() == 4 && hash.len() == 60, "no bcrypt hash");
    assert!(*created_at <= OffsetDateTime::now_utc());
}

/// Inserts users as a tool would, in a transaction that is never committed.
async fn insert(connection: &mut PgConnection, emails: [&str; 2]) -> sqlx::Result<(i32, OffsetDateTime)> {
    const INSERT: &str = "INSERT INTO users (email, password, first_name, last_name) \
        VALUES ($1, 'x', 'First', 'Last') RETURNING id, created_at";
    let mut transaction = connection.begin().await?;
    let mut last = (0, OffsetDateTime::UNIX_EPOCH);
    for email in emails {
        last = sqlx::query_as(INSERT).bind(email.to_owned()).fetch_one(&mut *transaction).await?;
    }
    transaction.rollback().await?;
    Ok(last)
}

#[test]
fn emails_are_unique_without_case_and_the_rest_is_filled_in() {
    let mut table = Table::open();
    let (one, other) = (format!("{}@example.com", own("One")), format!("{}@example.com", own("other")));
    let (id, created_at) = table.wait(|connection| insert(connection, [&one, &other])).expect("two users");
    assert!(id > 1 && created_at > OffsetDateTime::UNIX_EPOCH);
    for same in [one.to_lowercase(), one.to_uppercase(), one.clone()] {
        let refused = table.wait(|connection| insert(connection, [&one, &same])).expect_err("the same email");
        let unique = refused.as_database_error().is_some_and(|told| told.is_unique_violation());
        assert!(unique, "{refused}");
    }
    let admin = table.wait(|connection| insert(connection, ["ADMIN@example.com", &other]));
    assert!(admin.is_err_and(|refused| refused.to_string().contains("users")), "a second admin");
}

//! PostgreSQL: `initdb` once, then `postgres` itself as the child. fsync stays on: the lab judges durability.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;

use futures::future::BoxFuture;
use nix::sys::signal::Signal;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection};

use super::{
    Server, ServerError, ServerPlace, Spec, inventory, knock, make_folder, within_a_second, write_secret,
};
use crate::account::Account;
use crate::mark;
use crate::process::{Process, tail};

const PORT: u16 = 5432;
const NAME: &str = "postgres";

/// Settings that differ from the defaults.
// No sockets in folders, whose paths could be too long; memory that processes share in files of the data folder,
// since /dev/shm outlives a SIGKILL.
const SETTINGS: [&str; 4] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "dynamic_shared_memory_type=mmap",
    "timezone=UTC",
];

/// Launcher of PostgreSQL.
pub(super) struct Postgres;

fn missing(program: &'static str) -> ServerError {
    ServerError::Missing { program, how: inventory::how_to_get("PostgreSQL") }
}

fn account() -> Option<Account> {
    Account::instead_of_root(&["postgres"])
}

fn user(place: &ServerPlace) -> String {
    place.variable("POSTGRES_USER", "postgres")
}

fn options(place: &ServerPlace, database: &str) -> Result<PgConnectOptions, ServerError> {
    Ok(PgConnectOptions::new()
        .host("127.0.0.1")
        .port(place.port(NAME, PORT)?)
        .username(&user(place))
        .password(&place.variable("POSTGRES_PASSWORD", ""))
        .database(database)
        // initdb makes no certificate, and the connection does not leave the machine.
        .ssl_mode(PgSslMode::Disable)
        .disable_statement_logging())
}

impl Server for Postgres {
    fn prepare(&self, place: &ServerPlace) -> Result<(), ServerError> {
        let data = place.dir.join("data");
        // The folder gets its name by the last step below, so it is complete if it exists.
        if data.is_dir() {
            return Ok(());
        }
        let (unfinished, password) = (place.dir.join("data.new"), place.dir.join("password"));
        // What an interrupted initdb has left.
        remove(&unfinished)?;
        make_folder(&unfinished)?;
        // In a file, since everybody on the machine can see arguments.
        write_secret(&password, &place.variable("POSTGRES_PASSWORD", ""))?;
        if let Some(account) = account() {
            account.check_way(place.dir.parent().unwrap_or(&place.dir))?;
            for path in [&place.dir, &unfinished, &password] {
                account.own(path)?;
            }
        }
        let made = initdb(place, &unfinished, &password);
        // Whatever initdb says, the password does not stay in a file.
        remove(&password)?;
        made?;
        std::fs::rename(&unfinished, &data)
            .map_err(|source| file(format!("can't make {}", data.display()), source))
    }

    fn spec(&self, place: &ServerPlace) -> Result<Spec, ServerError> {
        let mut args: Vec<String> = vec!["-D".to_owned(), place.dir.join("data").display().to_string()];
        args.extend(["-p".to_owned(), place.port(NAME, PORT)?.to_string()]);
        args.extend(SETTINGS.iter().flat_map(|setting| ["-c".to_owned(), (*setting).to_owned()]));
        Ok(Spec {
            program: inventory::postgres().ok_or_else(|| missing("postgres"))?,
            args: args.into_iter().map(Into::into).collect(),
            env: environment(place),
            cwd: place.dir.clone(),
            account: account(),
            log: place.log.clone(),
        })
    }

    /// PostgreSQL's fast shutdown: connections are ended, data is checkpointed.
    // SIGTERM is the smart one, which waits until every client has left.
    fn stop_signal(&self) -> Signal {
        Signal::SIGINT
    }

    /// Returns the exit codes of a graceful stop.
    // PostgreSQL's postmaster exits with 0 after a fast shutdown, and with 1 after one that it logs as an
    // "abnormal database system shutdown" (src/backend/postmaster/postmaster.c).
    fn stop_codes(&self) -> &'static [i32] {
        &[0]
    }

    /// Returns the signal of PostgreSQL's immediate shutdown.
    // After SIGKILL the kernel would keep a piece of shared memory for each server that ever ran.
    fn end_signal(&self) -> Signal {
        Signal::SIGQUIT
    }

    fn ready<'a>(&'a self, place: &'a ServerPlace) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(within_a_second(log_in(place)))
    }

    fn provision<'a>(&'a self, place: &'a ServerPlace) -> BoxFuture<'a, Result<(), ServerError>> {
        Box::pin(async {
            let message =
                |error: sqlx::Error| ServerError::Provision { server: NAME, message: error.to_string() };
            let database = place.variable("POSTGRES_DB", &user(place));
            let mut connection = options(place, "postgres")?.connect().await.map_err(message)?;
            // PostgreSQL has no `create database if not exists`.
            let there = sqlx::query("select 1 from pg_database where datname = $1")
                .bind(&database)
                .fetch_optional(&mut connection)
                .await
                .map_err(message)?;
            if there.is_none() {
                // A name cannot be a parameter of a statement, so it is quoted.
                let statement = format!("create database \"{}\"", database.replace('"', "\"\""));
                sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
                    .execute(&mut connection)
                    .await
                    .map_err(message)?;
            }
            connection.close().await.map_err(message)
        })
    }
}

/// Logs in and asks something.
async fn log_in(place: &ServerPlace) -> Result<(), String> {
    knock(place, NAME, PORT).await?;
    let message = |error: sqlx::Error| format!("PostgreSQL does not answer yet: {error}");
    // Every cluster has this database; that of the topology exists only after `provision`.
    let options = options(place, "postgres").map_err(|error| error.to_string())?;
    let mut connection = options.connect().await.map_err(message)?;
    sqlx::query("select 1").execute(&mut connection).await.map_err(message)?;
    connection.close().await.map_err(message)
}

fn environment(place: &ServerPlace) -> BTreeMap<OsString, OsString> {
    // initdb is started apart from the node itself, which gets its mark from whoever starts it.
    let own = [("TZ", "UTC".to_owned()), ("LANG", "C".to_owned())];
    own.into_iter()
        .chain(mark::environment(&place.run))
        .map(|(key, value)| (key.into(), value.into()))
        .collect()
}

/// Fills the data folder.
// Not synced: it holds nothing yet that anybody was promised.
fn initdb(place: &ServerPlace, data: &Path, password: &Path) -> Result<(), ServerError> {
    let user = user(place);
    let mut args: Vec<OsString> = vec!["-D".into(), data.into(), "--pwfile".into(), password.into()];
    // The default of -A trusts every client of this machine. Encoding and locale would depend on the machine.
    args.extend(["-U", &user, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C"].map(OsString::from));
    args.extend(["--no-sync", "--no-instructions"].map(OsString::from));
    let spec = Spec {
        program: inventory::initdb().ok_or_else(|| missing("initdb"))?,
        args,
        env: environment(place),
        cwd: place.dir.clone(),
        account: account(),
        log: place.log.clone(),
    };
    match Process::run(&spec) {
        Ok(status) if status.is_success() => Ok(()),
        Ok(status) => {
            Err(ServerError::Failed { program: "initdb", message: format!("{status}\n{}", tail(&place.log)) })
        }
        Err(error) => Err(ServerError::Failed { program: "initdb", message: error.to_string() }),
    }
}

/// Removes a file or folder; none there is right too.
fn remove(path: &Path) -> Result<(), ServerError> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(file(format!("can't remove {}", path.display()), source))
        }
        _ => Ok(()),
    }
}

fn file(what: String, source: io::Error) -> ServerError {
    ServerError::File { what, source }
}

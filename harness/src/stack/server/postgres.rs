//! PostgreSQL: `initdb` once, then `postgres` itself as the child. fsync stays on: the lab judges durability.

use std::process::{Command, Stdio};

use futures::future::BoxFuture;
use nix::sys::signal::Signal;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection};

use super::account::Account;
use super::{Place, Server, ServerError, Spec, inventory, make_folder, within_a_second, write_file};

const PORT: u16 = 5432;
const NAME: &str = "postgres";

/// The launcher.
pub(super) struct Postgres;

fn missing(program: &'static str) -> ServerError {
    ServerError::Missing { program, how: inventory::how_to_get("PostgreSQL") }
}

fn account() -> Option<Account> {
    Account::instead_of_root(&["postgres"])
}

fn user(place: &Place) -> String {
    place.variable("POSTGRES_USER", "postgres")
}

fn options(place: &Place, database: &str) -> Result<PgConnectOptions, ServerError> {
    Ok(PgConnectOptions::new()
        .host("127.0.0.1")
        .port(place.port(NAME, PORT)?)
        .username(&user(place))
        .password(&place.variable("POSTGRES_PASSWORD", ""))
        .database(database)
        .ssl_mode(PgSslMode::Disable)
        .disable_statement_logging())
}

impl Server for Postgres {
    fn prepare(&self, place: &Place) -> Result<(), ServerError> {
        let data = place.dir.join("data");
        if data.join("PG_VERSION").is_file() {
            return Ok(());
        }
        make_folder(&data)?;
        let password = place.dir.join("password");
        write_file(&password, &place.variable("POSTGRES_PASSWORD", ""))?;
        if let Some(account) = account() {
            for path in [&place.dir, &data, &password] {
                account.own(path)?;
            }
        }
        let made = initdb(place);
        let removed = std::fs::remove_file(&password);
        made?;
        removed.map_err(|source| ServerError::File {
            what: format!("can't remove {}", password.display()),
            source,
        })
    }

    fn spec(&self, place: &Place) -> Result<Spec, ServerError> {
        let mut args: Vec<String> = vec!["-D".to_owned(), place.dir.join("data").display().to_string()];
        args.extend(["-p".to_owned(), place.port(NAME, PORT)?.to_string()]);
        for setting in ["listen_addresses=127.0.0.1", "unix_socket_directories=", "timezone=UTC"] {
            args.extend(["-c".to_owned(), setting.to_owned()]);
        }
        Ok(Spec {
            program: inventory::postgres().ok_or_else(|| missing("postgres"))?,
            args: args.into_iter().map(Into::into).collect(),
            env: [("TZ".into(), "UTC".into())].into(),
            cwd: place.dir.clone(),
            account: account(),
            log: place.log.clone(),
        })
    }

    /// PostgreSQL's fast shutdown: connections are ended, data is checkpointed.
    fn stop_signal(&self) -> Signal {
        Signal::SIGINT
    }

    fn ready<'a>(&'a self, place: &'a Place) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(within_a_second(async {
            let options = options(place, "postgres").map_err(|error| error.to_string())?;
            let mut connection = options.connect().await.map_err(|error| error.to_string())?;
            sqlx::query("select 1").execute(&mut connection).await.map_err(|error| error.to_string())?;
            connection.close().await.map_err(|error| error.to_string())
        }))
    }

    fn provision<'a>(&'a self, place: &'a Place) -> BoxFuture<'a, Result<(), ServerError>> {
        Box::pin(async {
            let told = |error: sqlx::Error| ServerError::Provision { server: NAME, told: error.to_string() };
            let database = place.variable("POSTGRES_DB", &user(place));
            let mut connection = options(place, "postgres")?.connect().await.map_err(told)?;
            let there = sqlx::query("select 1 from pg_database where datname = $1")
                .bind(&database)
                .fetch_optional(&mut connection)
                .await
                .map_err(told)?;
            if there.is_none() {
                let statement = format!("create database \"{}\"", database.replace('"', "\"\""));
                sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.map_err(told)?;
            }
            connection.close().await.map_err(told)
        })
    }
}

/// Makes the data folder. Not synced: it is empty, and made anew for each run.
fn initdb(place: &Place) -> Result<(), ServerError> {
    use std::os::unix::process::CommandExt;
    let mut command = Command::new(inventory::initdb().ok_or_else(|| missing("initdb"))?);
    command
        .arg("-D")
        .arg(place.dir.join("data"))
        .arg("--pwfile")
        .arg(place.dir.join("password"))
        .args(["-U", &user(place), "-A", "scram-sha-256", "-E", "UTF8", "--locale=C"])
        .args(["--no-sync", "--no-instructions"])
        .current_dir(&place.dir)
        .env("FAULTLINE_RUN", &place.run)
        .stdin(Stdio::null());
    if let Some(account) = account() {
        command.uid(account.uid).gid(account.gid);
    }
    let output = command
        .output()
        .map_err(|source| ServerError::File { what: "can't start initdb".to_owned(), source })?;
    if output.status.success() {
        return Ok(());
    }
    Err(ServerError::Failed {
        program: "initdb",
        told: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

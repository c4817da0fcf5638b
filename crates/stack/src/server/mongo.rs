//! MongoDB: `mongod` where there is one, else FerretDB on SQLite, which speaks its protocol.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use futures::future::BoxFuture;
use mongodb::Client;
use mongodb::bson::doc;
use mongodb::error::{Error, ErrorKind};
use mongodb::options::{ClientOptions, Credential, ServerAddress};
use nix::sys::signal::Signal;

use super::{Server, ServerError, ServerPlace, Spec, inventory, knock, make_folder, within_a_second};

const PORT: u16 = 27017;
const NAME: &str = "mongo";

/// Launcher of MongoDB or FerretDB.
pub(super) struct Mongo;

/// Program that speaks MongoDB's protocol.
#[derive(Clone, Copy, PartialEq, Eq)]
enum MongoKind {
    Mongod,
    Ferretdb,
}

fn kind(program: &Path) -> MongoKind {
    let is_ferretdb = program.file_name().is_some_and(|name| name.to_string_lossy().contains("ferretdb"));
    if is_ferretdb { MongoKind::Ferretdb } else { MongoKind::Mongod }
}

fn program() -> Result<std::path::PathBuf, ServerError> {
    inventory::mongo()
        .ok_or_else(|| ServerError::Missing { program: "mongod", how: inventory::how_to_get_mongo() })
}

fn user(place: &ServerPlace) -> String {
    place.variable("MONGO_INITDB_ROOT_USERNAME", "mongo")
}

fn password(place: &ServerPlace) -> String {
    place.variable("MONGO_INITDB_ROOT_PASSWORD", "password")
}

fn database(place: &ServerPlace) -> String {
    place.variable("MONGO_INITDB_DATABASE", "test")
}

impl Server for Mongo {
    fn prepare(&self, place: &ServerPlace) -> Result<(), ServerError> {
        make_folder(&place.dir.join("data"))
    }

    fn spec(&self, place: &ServerPlace) -> Result<Spec, ServerError> {
        let program = program()?;
        let port = place.port(NAME, PORT)?;
        let (args, mut env) = match kind(&program) {
            MongoKind::Mongod => (mongod(place, port), BTreeMap::new()),
            MongoKind::Ferretdb => (ferretdb(place, port), ferretdb_user(place)),
        };
        env.insert("HOME".into(), place.dir.clone().into());
        Ok(Spec {
            program,
            args: args.into_iter().map(OsString::from).collect(),
            env,
            cwd: place.dir.clone(),
            account: None,
            log: place.log.clone(),
        })
    }

    fn stop_signal(&self) -> Signal {
        Signal::SIGTERM
    }

    /// Returns the exit codes of a graceful stop.
    // Code 0 is what "MongoDB applications" exit with "upon successful exit" (manual, "Exit Codes and Statuses").
    // FerretDB's `main` returns once SIGTERM has cancelled its context, which in Go is 0 too (cmd/ferretdb/main.go).
    fn stop_codes(&self) -> &'static [i32] {
        &[0]
    }

    fn ready<'a>(&'a self, place: &'a ServerPlace) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(within_a_second(ask(place)))
    }

    fn provision<'a>(&'a self, place: &'a ServerPlace) -> BoxFuture<'a, Result<(), ServerError>> {
        Box::pin(async {
            let port = place.port(NAME, PORT)?;
            let made = async {
                match kind_of_server(port).await? {
                    MongoKind::Ferretdb => provision_ferretdb(place, port).await,
                    MongoKind::Mongod => provision_mongod(place, port).await,
                }
            };
            made.await.map_err(|error| ServerError::Provision { server: NAME, message: error.to_string() })
        })
    }
}

/// Asks a server for its kind, which needs no login; in a container the program does not show it.
async fn kind_of_server(port: u16) -> Result<MongoKind, Error> {
    let client = client(port, None)?;
    let info = client.database("admin").run_command(doc! { "buildInfo": 1 }).await;
    client.shutdown().immediate(true).await;
    Ok(if info?.contains_key("ferretdbVersion") { MongoKind::Ferretdb } else { MongoKind::Mongod })
}

/// Creates the users of the topology in FerretDB.
// Its set-up user is one of the topology's database. Others log in at admin. It knows no roles yet, and refuses a
// list that is not empty.
async fn provision_ferretdb(place: &ServerPlace, port: u16) -> Result<(), Error> {
    let client = client(port, Some((place, &database(place))))?;
    create_user(&client, place, "admin", &[]).await
}

/// Creates the users of the topology in mongod.
// As long as there is no user, a client on the machine itself may make one.
async fn provision_mongod(place: &ServerPlace, port: u16) -> Result<(), Error> {
    // In two databases, since a URL without authSource logs in at the database that it names.
    create_user(&client(port, None)?, place, "admin", &["root"]).await?;
    let root = client(port, Some((place, "admin")))?;
    create_user(&root, place, &database(place), &["readWrite"]).await
}

/// Sends a ping, after a login where the user exists from the start.
async fn ask(place: &ServerPlace) -> Result<(), String> {
    let port = knock(place, NAME, PORT).await?;
    let database = database(place);
    let message = |error: Error| format!("MongoDB does not answer yet: {error}");
    let kind = kind_of_server(port).await.map_err(message)?;
    let login = (kind == MongoKind::Ferretdb).then_some((place, database.as_str()));
    let client = client(port, login).map_err(message)?;
    let answer = client.database(&database).run_command(doc! { "ping": 1 }).await;
    // A client watches its server in tasks of its own; checks every 20 ms would pile them up.
    client.shutdown().immediate(true).await;
    answer.map(|_| ()).map_err(message)
}

fn mongod(place: &ServerPlace, port: u16) -> Vec<String> {
    let data = place.dir.join("data").display().to_string();
    // With --auth, as the image starts it when it is given a user. A socket in /tmp would outlive a SIGKILL.
    ["--dbpath", &data, "--port", &port.to_string(), "--bind_ip", "127.0.0.1", "--auth", "--nounixsocket"]
        .map(str::to_owned)
        .into()
}

fn ferretdb(place: &ServerPlace, port: u16) -> Vec<String> {
    vec![
        format!("--listen-addr=127.0.0.1:{port}"),
        "--handler=sqlite".to_owned(),
        format!("--sqlite-url=file:{}/", place.dir.join("data").display()),
        format!("--state-dir={}", place.dir.display()),
        // Off: by default it is port 8088, which two stacks cannot share.
        "--debug-addr=-".to_owned(),
        // Left undecided, it would report to its makers after an hour.
        "--telemetry=disable".to_owned(),
        "--log-level=warn".to_owned(),
        // Without this switch FerretDB 1.24 has no users of its own.
        "--test-enable-new-auth".to_owned(),
    ]
}

/// Names the user that FerretDB creates when it starts.
// In variables, since everybody on the machine can see arguments.
fn ferretdb_user(place: &ServerPlace) -> BTreeMap<OsString, OsString> {
    let variables = [
        ("FERRETDB_SETUP_DATABASE", database(place)),
        ("FERRETDB_SETUP_USERNAME", user(place)),
        ("FERRETDB_SETUP_PASSWORD", password(place)),
    ];
    variables.map(|(key, value)| (key.into(), value.into())).into()
}

/// A client of its own, logged in at a database or not.
fn client(port: u16, login: Option<(&ServerPlace, &str)>) -> Result<Client, Error> {
    let credential = login.map(|(place, source)| {
        Credential::builder()
            .username(user(place))
            .password(password(place))
            .source(source.to_owned())
            .build()
    });
    let options = ClientOptions::builder()
        .hosts(vec![ServerAddress::Tcp { host: "127.0.0.1".to_owned(), port: Some(port) }])
        // Only this server: discovery would follow the addresses that a replica set announces.
        .direct_connection(true)
        // The driver's default is 30 s, in which no other check would be made.
        .server_selection_timeout(Duration::from_secs(1))
        .credential(credential)
        .build();
    Client::with_options(options)
}

/// Makes the topology's user in a database, if it is not there.
async fn create_user(
    client: &Client,
    place: &ServerPlace,
    database: &str,
    roles: &[&str],
) -> Result<(), Error> {
    let command = doc! { "createUser": user(place), "pwd": password(place), "roles": roles };
    match client.database(database).run_command(command).await {
        Err(error) if !is_there_already(&error) => Err(error),
        _ => Ok(()),
    }
}

/// Tells whether an error means that the user exists; or, to a client that did not log in, that any user does.
fn is_there_already(error: &Error) -> bool {
    const USER_ALREADY_EXISTS: i32 = 51_003;
    const UNAUTHORIZED: i32 = 13;
    matches!(&*error.kind, ErrorKind::Command(message) if [USER_ALREADY_EXISTS, UNAUTHORIZED].contains(&message.code))
}

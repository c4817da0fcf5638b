//! Which programs of the known servers are on this machine, and how to get those that are not.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::super::binary;

/// The variable by which a developer chooses a mongod or FerretDB.
const MONGO_PROGRAM: &str = "FAULTLINE_MONGO_PROGRAM";

/// A program that a server needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledProgram {
    /// Server that the program belongs to.
    pub name: &'static str,
    /// Path of the program; none if it is not installed.
    pub path: Option<PathBuf>,
    /// Version that the program prints; none if it prints none.
    pub version: Option<String>,
    /// Advice on how to get it.
    pub how_to_get: String,
}

/// Lists every program that the known servers need.
#[must_use]
pub fn inventory() -> Vec<InstalledProgram> {
    vec![
        program("PostgreSQL", postgres(), "--version"),
        program("initdb", initdb(), "--version"),
        InstalledProgram { version: rabbitmq_version(), ..program("RabbitMQ", rabbitmq(), "") },
        InstalledProgram { how_to_get: how_to_get_mongo(), ..program("MongoDB", mongo(), "--version") },
    ]
}

/// Explains how to get a server.
pub(super) fn how_to_get(what: &str) -> String {
    format!("run `make setup`, which installs {what} on Debian-like systems and explains it on others")
}

/// Explains how to get a MongoDB.
pub(super) fn how_to_get_mongo() -> String {
    match std::env::var(MONGO_PROGRAM) {
        Ok(given) => {
            format!("{MONGO_PROGRAM}: expected the path of a program, found \"{given}\"; correct or unset it")
        }
        Err(_) => how_to_get("MongoDB (FerretDB where there is no mongod)"),
    }
}

fn program(name: &'static str, path: Option<PathBuf>, version: &str) -> InstalledProgram {
    let message = path.as_deref().filter(|_| !version.is_empty()).and_then(|path| first_line(path, version));
    InstalledProgram { name, path, version: message, how_to_get: how_to_get(name) }
}

fn first_line(program: &Path, argument: &str) -> Option<String> {
    let output = Command::new(program).arg(argument).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    // FerretDB tells its version on a line of its own, `version: v1.2.3`.
    let versioned =
        lines.iter().find_map(|line| line.strip_prefix("version:")).map(|v| format!("FerretDB {}", v.trim()));
    versioned.or_else(|| lines.first().map(|line| (*line).to_owned())).filter(|line| !line.is_empty())
}

pub(super) fn postgres() -> Option<PathBuf> {
    of_postgresql("postgres")
}

pub(super) fn initdb() -> Option<PathBuf> {
    of_postgresql("initdb")
}

/// Finds a program of PostgreSQL where Debian keeps each version, the newest first, else beside the harness or on PATH.
fn of_postgresql(name: &str) -> Option<PathBuf> {
    // Debian puts neither `postgres` nor `initdb` on PATH. Both come from the newest version: a server
    // refuses the data folder of another.
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin").join(name)))
        })
        .filter(|(_, path)| path.is_file())
        .collect();
    // As numbers: 9 stands behind 15 in the order of texts.
    found.sort();
    found.pop().map(|(_, path)| path).or_else(|| binary::server(name))
}

/// Finds RabbitMQ's own start script.
// The one that Debian has on PATH changes the account, to one that owns no folder of a run.
pub(super) fn rabbitmq() -> Option<PathBuf> {
    let debian = PathBuf::from("/usr/lib/rabbitmq/bin/rabbitmq-server");
    if debian.is_file() { Some(debian) } else { binary::server("rabbitmq-server") }
}

/// Reads the version from the name of its folder.
// The program starts an Erlang machine to print it, which takes seconds.
fn rabbitmq_version() -> Option<String> {
    let script = std::fs::canonicalize(rabbitmq()?).ok()?;
    let folder =
        script.ancestors().find_map(|path| path.file_name()?.to_str()?.strip_prefix("rabbitmq_server-"))?;
    Some(format!("RabbitMQ {folder}"))
}

/// `FAULTLINE_MONGO_PROGRAM`, else `mongod`, else the FerretDB that setup has built, else one on PATH.
// The last may be of version 2, which needs a PostgreSQL of its own.
pub(super) fn mongo() -> Option<PathBuf> {
    if let Ok(given) = std::env::var(MONGO_PROGRAM) {
        return binary::server(&given);
    }
    let built = cache().map(|cache| cache.join("faultline/bin/ferretdb"));
    binary::server("mongod")
        .or_else(|| binary::server(built?.to_str()?))
        .or_else(|| binary::server("ferretdb"))
}

fn cache() -> Option<PathBuf> {
    let given = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    given.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))
}

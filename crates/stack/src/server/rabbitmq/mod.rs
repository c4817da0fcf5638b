//! RabbitMQ: its own start script, which becomes the Erlang machine itself, so that the child is the node.
//!
//! Everything that it keeps is in the node's folder, and everything that it listens on is on loopback. It
//! takes no part in Erlang's distribution, which a single node has no use for: so it needs no port mapper
//! (epmd, a daemon that would outlive it), opens no port for it, and boots a second sooner.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`config`] | what the node is told |
//! | [`slim`] | a view of the installation without what this node does not need |

mod config;
mod slim;

use std::collections::BTreeMap;
use std::ffi::OsString;

use futures::future::BoxFuture;
use lapin::uri::{AMQPAuthority, AMQPUri, AMQPUserInfo};
use nix::sys::signal::Signal;

use super::{
    Server, ServerError, ServerPlace, Spec, inventory, knock, make_folder, within_a_second, write_file,
    write_secret,
};

const AMQP: u16 = 5672;
const MANAGEMENT: u16 = 15672;
const NAME: &str = "rabbitmq";

/// Name of the Erlang node.
// It may be the same in every stack, since no node can see another.
const NODE: &str = "faultline@localhost";

/// Flags of every Erlang machine of a node.
// Without a listener and a port mapper (the number given is reported, not used). RabbitMQ checks each minute for a
// mapper, and has a second machine start one, which takes its flags from the environment only.
const EVERY_MACHINE: &str = "-dist_listen false -start_epmd false -erl_epmd_port 25672";

/// Flags of the node's own Erlang machine.
// Named from the start, or RabbitMQ starts a port mapper. Idle schedulers that spin would take the cores from the
// nodes under test.
const NODE_ITSELF: &str = "+sbwt none +sbwtdcpu none +sbwtdio none";

/// Launcher of RabbitMQ.
pub(super) struct Rabbitmq;

fn script() -> Result<std::path::PathBuf, ServerError> {
    let how = inventory::how_to_get("RabbitMQ");
    inventory::rabbitmq().ok_or(ServerError::Missing { program: "rabbitmq-server", how })
}

fn user(place: &ServerPlace) -> String {
    place.variable("RABBITMQ_DEFAULT_USER", "guest")
}

fn password(place: &ServerPlace) -> String {
    place.variable("RABBITMQ_DEFAULT_PASS", "guest")
}

fn environment(place: &ServerPlace) -> BTreeMap<OsString, OsString> {
    let at = |name: &str| place.dir.join(name).into_os_string();
    let mut environment: Vec<(&str, OsString)> = vec![
        // A home of its own: the Erlang cookie is kept there.
        ("HOME", place.dir.clone().into()),
        ("RABBITMQ_NODENAME", NODE.into()),
        ("RABBITMQ_MNESIA_BASE", at("mnesia")),
        ("RABBITMQ_LOG_BASE", at("log")),
        // Standard output, which goes to the log of the node.
        ("RABBITMQ_LOGS", "-".into()),
        ("RABBITMQ_ENABLED_PLUGINS_FILE", at("enabled_plugins")),
        ("RABBITMQ_ADVANCED_CONFIG_FILE", at("advanced.config")),
        // Not the machine's own settings: these files do not exist.
        ("RABBITMQ_CONFIG_FILE", at("none.conf")),
        ("RABBITMQ_CONF_ENV_FILE", at("none-env.conf")),
        // With input allowed the script becomes the machine instead of waiting for it.
        ("RABBITMQ_ALLOW_INPUT", "1".into()),
        // The script leaves this flag out as soon as input is allowed.
        ("RABBITMQ_SERVER_START_ARGS", "-noinput".into()),
        ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", format!("-sname {NODE} {NODE_ITSELF}").into()),
        ("ERL_FLAGS", EVERY_MACHINE.into()),
        // No dump: writing all of its memory to disk would delay the end of a machine that crashes.
        ("ERL_CRASH_DUMP_SECONDS", "0".into()),
    ];
    let view = slim_folder(place);
    // An installation of another layout has no view; the node uses it as it is.
    if view.is_dir() {
        environment.push(("RABBITMQ_SCRIPTS_DIR", view.join("sbin").into()));
        environment.push(("RABBITMQ_PLUGINS_DIR", view.join("plugins").into()));
    }
    environment.into_iter().map(|(key, value)| (key.into(), value)).collect()
}

fn slim_folder(place: &ServerPlace) -> std::path::PathBuf {
    place.dir.join("installation")
}

/// Logs in and out again.
async fn log_in(place: &ServerPlace) -> Result<(), String> {
    let port = knock(place, NAME, AMQP).await?;
    let (username, password) = (user(place), password(place));
    let authority =
        AMQPAuthority { userinfo: AMQPUserInfo { username, password }, host: "127.0.0.1".into(), port };
    let uri = AMQPUri { authority, vhost: "/".to_owned(), ..AMQPUri::default() };
    let message = |error: lapin::Error| format!("RabbitMQ refuses the login of the lab: {error}");
    let connection = lapin::Connection::connect_uri(uri, lapin::ConnectionProperties::default());
    let connection = connection.await.map_err(message)?;
    connection.close(200, "ready".into()).await.map_err(message)
}

impl Server for Rabbitmq {
    fn prepare(&self, place: &ServerPlace) -> Result<(), ServerError> {
        make_folder(&place.dir)?;
        // It holds the password.
        write_secret(&place.dir.join("advanced.config"), &config::text(place)?)?;
        write_file(&place.dir.join("enabled_plugins"), &config::enabled_plugins(place))?;
        slim::view(&slim_folder(place), &script()?, config::plugins(place))?;
        Ok(())
    }

    fn spec(&self, place: &ServerPlace) -> Result<Spec, ServerError> {
        Ok(Spec {
            program: script()?,
            args: Vec::new(),
            env: environment(place),
            cwd: place.dir.clone(),
            account: None,
            log: place.log.clone(),
        })
    }

    fn stop_signal(&self) -> Signal {
        Signal::SIGTERM
    }

    /// Returns the exit codes of a graceful stop.
    // RabbitMQ's start script: "SIGTERM: Exits 0 since this is considered a normal process termination", in
    // the script as in the Erlang machine that it becomes (scripts/rabbitmq-server,
    // rabbit_prelaunch_sighandler.erl).
    fn stop_codes(&self) -> &'static [i32] {
        &[0]
    }

    fn ready<'a>(&'a self, place: &'a ServerPlace) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(within_a_second(log_in(place)))
    }

    /// Has no work to do: the configuration creates the user at the first boot.
    fn provision<'a>(&'a self, _: &'a ServerPlace) -> BoxFuture<'a, Result<(), ServerError>> {
        Box::pin(async { Ok(()) })
    }
}

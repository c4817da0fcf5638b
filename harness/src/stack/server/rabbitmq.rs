//! RabbitMQ: its own start script, which becomes the Erlang machine itself, so that the child is the node;
//! everything that it keeps is in the node's folder, and everything that it listens on is on loopback.

use std::ffi::OsString;
use std::sync::OnceLock;

use futures::future::BoxFuture;
use nix::sys::signal::Signal;

use super::{Place, Server, ServerError, Spec, inventory, make_folder, within_a_second, write_file};
use crate::stack::port::{Port, PortError};

const AMQP: u16 = 5672;
const MANAGEMENT: u16 = 15672;
const NAME: &str = "rabbitmq";

/// The launcher.
#[derive(Default)]
pub(super) struct Rabbitmq {
    own: OnceLock<Own>,
}

/// Ports that only the node itself uses.
struct Own {
    distribution: Port,
    epmd: Port,
}

impl Rabbitmq {
    fn own(&self) -> Result<&Own, PortError> {
        if let Some(own) = self.own.get() {
            return Ok(own);
        }
        let own = Own { distribution: Port::reserve()?, epmd: Port::reserve()? };
        Ok(self.own.get_or_init(|| own))
    }

    fn environment(&self, place: &Place) -> Result<Vec<(&'static str, String)>, ServerError> {
        let own = self.own()?;
        let at = |name: &str| place.dir.join(name).display().to_string();
        Ok(vec![
            // A home of its own: the Erlang cookie is kept there.
            ("HOME", place.dir.display().to_string()),
            ("RABBITMQ_NODENAME", format!("faultline-{}@localhost", place.run)),
            ("RABBITMQ_MNESIA_BASE", at("mnesia")),
            ("RABBITMQ_LOG_BASE", at("log")),
            ("RABBITMQ_GENERATED_CONFIG_DIR", at("generated")),
            ("RABBITMQ_CONFIG_FILE", at("rabbitmq.conf")),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", at("enabled_plugins")),
            // Not the machine's own settings.
            ("RABBITMQ_CONF_ENV_FILE", at("no-rabbitmq-env.conf")),
            ("RABBITMQ_ADVANCED_CONFIG_FILE", at("no-advanced.config")),
            ("RABBITMQ_DIST_PORT", own.distribution.number().to_string()),
            ("ERL_EPMD_PORT", own.epmd.number().to_string()),
            ("ERL_EPMD_ADDRESS", "127.0.0.1".to_owned()),
            // With input allowed the script becomes the machine instead of waiting for it.
            ("RABBITMQ_ALLOW_INPUT", "1".to_owned()),
            ("RABBITMQ_SERVER_START_ARGS", "-noinput".to_owned()),
            // Idle schedulers that spin would take the cores from what is measured.
            (
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "+sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}"
                    .to_owned(),
            ),
            ("ERL_CRASH_DUMP_BYTES", "0".to_owned()),
        ])
    }

    fn pairs(&self, place: &Place) -> Result<std::collections::BTreeMap<OsString, OsString>, ServerError> {
        Ok(self.environment(place)?.into_iter().map(|(key, value)| (key.into(), value.into())).collect())
    }
}

fn missing(program: &'static str) -> ServerError {
    ServerError::Missing { program, how: inventory::how_to_get("RabbitMQ") }
}

impl Server for Rabbitmq {
    fn prepare(&self, place: &Place) -> Result<(), ServerError> {
        make_folder(&place.dir)?;
        write_file(&place.dir.join("rabbitmq.conf"), &config(place)?)?;
        // The management page costs a second of every boot, so it is there only where its port is asked for.
        let plugins = if place.ports.contains_key(&MANAGEMENT) { "[rabbitmq_management]." } else { "[]." };
        write_file(&place.dir.join("enabled_plugins"), plugins)
    }

    /// The port mapper of Erlang, of this node alone: one that RabbitMQ starts by itself would outlive it.
    fn companions(&self, place: &Place) -> Result<Vec<Spec>, ServerError> {
        let port = self.own()?.epmd.number().to_string();
        let args = ["-address", "127.0.0.1", "-port", &port].map(OsString::from);
        Ok(vec![Spec {
            program: inventory::epmd().ok_or_else(|| missing("epmd"))?,
            args: args.into(),
            env: [("HOME".into(), place.dir.clone().into())].into(),
            cwd: place.dir.clone(),
            account: None,
            log: place.log.clone(),
        }])
    }

    fn spec(&self, place: &Place) -> Result<Spec, ServerError> {
        Ok(Spec {
            program: inventory::rabbitmq().ok_or_else(|| missing("rabbitmq-server"))?,
            args: Vec::new(),
            env: self.pairs(place)?,
            cwd: place.dir.clone(),
            account: None,
            log: place.log.clone(),
        })
    }

    fn stop_signal(&self) -> Signal {
        Signal::SIGTERM
    }

    fn ready<'a>(&'a self, place: &'a Place) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(within_a_second(async {
            let told = |error: lapin::Error| error.to_string();
            let port = place.port(NAME, AMQP).map_err(|error| error.to_string())?;
            let url = format!("amqp://{}:{}@127.0.0.1:{port}/%2f", user(place), password(place));
            // Most looks come before it listens; those need no client.
            tokio::net::TcpStream::connect(("127.0.0.1", port)).await.map_err(|error| error.to_string())?;
            let connection = lapin::Connection::connect(&url, lapin::ConnectionProperties::default())
                .await
                .map_err(told)?;
            connection.close(200, "ready".into()).await.map_err(told)
        }))
    }

    /// The default user is made at the first boot, from the configuration.
    fn provision<'a>(&'a self, _: &'a Place) -> BoxFuture<'a, Result<(), ServerError>> {
        Box::pin(async { Ok(()) })
    }
}

fn user(place: &Place) -> String {
    place.variable("RABBITMQ_DEFAULT_USER", "guest")
}

fn password(place: &Place) -> String {
    place.variable("RABBITMQ_DEFAULT_PASS", "guest")
}

fn config(place: &Place) -> Result<String, ServerError> {
    let mut lines = vec![
        format!("listeners.tcp.1 = 127.0.0.1:{}", place.port(NAME, AMQP)?),
        format!("default_user = {}", user(place)),
        format!("default_pass = {}", password(place)),
        // The alarm blocks publishers; on a machine with less than this left there is nothing to test.
        "disk_free_limit.absolute = 50MB".to_owned(),
        "log.console = true".to_owned(),
        "log.console.level = info".to_owned(),
        "log.file = false".to_owned(),
    ];
    if let Ok(port) = place.port(NAME, MANAGEMENT) {
        lines.push("management.tcp.ip = 127.0.0.1".to_owned());
        lines.push(format!("management.tcp.port = {port}"));
    }
    Ok(lines.join("\n") + "\n")
}

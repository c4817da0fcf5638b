//! The container engine: whether it answers, what it holds, and how containers reach this machine.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::time::Duration;

use testcontainers::TestcontainersError;
use testcontainers::bollard::Docker;
use testcontainers::bollard::errors::Error;
use testcontainers::bollard::models::NetworkCreateRequest;
use testcontainers::core::client::docker_client_instance;

use super::labels::Labels;
use crate::doorway::Doorway;
use crate::error::EngineError;

/// Time that the engine may take to answer. A request that is slow by its nature (a stop) has a limit of its own.
const LIMIT: Duration = Duration::from_secs(30);

/// Time that the engine may take to answer a ping.
const PING: Duration = Duration::from_secs(3);

/// Status of the answer that there is no such image, container or network.
pub(super) const NOT_FOUND: u16 = 404;

/// The name by which containers reach this machine where they can't reach the gateway of their network.
pub(super) const HOST: &str = "host.docker.internal";

/// An engine that answers.
#[derive(Debug, Clone)]
pub struct ContainerEngine {
    // testcontainers starts containers. What it lacks (kill, wait, labels of networks, logs over several
    // lives) goes through this client, which is its own.
    pub(super) docker: Docker,
    at: String,
}

impl ContainerEngine {
    /// Finds the engine (`DOCKER_HOST`, else a socket in a usual place) and asks whether it is there.
    ///
    /// # Errors
    /// [`EngineError`] says where it was looked for, and what to do.
    pub async fn connect() -> Result<Self, EngineError> {
        // For messages alone: the client reads the variable itself.
        let at = std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned());
        let absent = |message: String| EngineError::NoAnswer { at: at.clone(), message };
        let docker = docker_client_instance().await.map_err(|error| absent(error.to_string()))?;
        match tokio::time::timeout(PING, docker.ping()).await {
            Ok(Ok(_)) => Ok(Self { docker, at }),
            Ok(Err(error)) if is_forbidden(&error) => Err(EngineError::NoPermission { at }),
            Ok(Err(error)) => Err(absent(last_cause(&error))),
            Err(_) => Err(absent(format!("no answer within {PING:?}"))),
        }
    }

    /// Returns the address of the engine, as DOCKER_HOST names it.
    #[must_use]
    pub fn at(&self) -> &str {
        &self.at
    }

    /// Sends a request to the engine, for a bounded time.
    pub(super) async fn ask<T>(
        &self,
        what: &str,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, EngineError> {
        self.ask_within(LIMIT, what, call).await
    }

    /// The same with a limit of its own.
    pub(super) async fn ask_within<T>(
        &self,
        limit: Duration,
        what: &str,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, EngineError> {
        match tokio::time::timeout(limit, call).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(refusal(what, &error)),
            Err(_) => Err(EngineError::Late { what: what.to_owned(), limit }),
        }
    }

    /// Tells whether the engine holds an image.
    pub(super) async fn has_image(&self, image: &str) -> Result<bool, EngineError> {
        is_held(self.ask("inspect an image", self.docker.inspect_image(image)).await)
    }

    /// Makes the network of a run, and says how containers in it reach this machine.
    pub(super) async fn make_network(&self, name: &str, labels: &Labels) -> Result<Doorway, EngineError> {
        let request = NetworkCreateRequest {
            name: name.to_owned(),
            driver: Some("bridge".to_owned()),
            labels: Some(labels.pairs().into_iter().collect::<HashMap<_, _>>()),
            ..NetworkCreateRequest::default()
        };
        self.ask("create a network", self.docker.create_network(request)).await?;
        // The engine chooses the subnet, so the gateway is not known before.
        let network = self.ask("inspect a network", self.docker.inspect_network(name, None)).await?;
        let subnets = network.ipam.and_then(|ipam| ipam.config).unwrap_or_default();
        let gateway = subnets.into_iter().find_map(|subnet| subnet.gateway?.parse::<IpAddr>().ok());
        Ok(doorway(gateway))
    }
}

/// Returns the address at which proxies listen for containers.
// Where the engine runs on this machine, the gateway of a network is an address of this machine, which only its
// containers and this machine reach. Elsewhere (an engine in a virtual machine, or without root) the engine itself
// brings what is sent to [`HOST`] to this machine.
fn doorway(gateway: Option<IpAddr>) -> Doorway {
    match gateway.filter(|gateway| TcpListener::bind((*gateway, 0)).is_ok()) {
        Some(gateway) => Doorway { listen: gateway, host: gateway.to_string() },
        None => Doorway { listen: Ipv4Addr::LOCALHOST.into(), host: HOST.to_owned() },
    }
}

/// Converts an error of the client into that of an action.
fn refusal(what: &str, error: &Error) -> EngineError {
    let status = match error {
        Error::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    };
    EngineError::Refused { what: what.to_owned(), status, message: words(error) }
}

/// Reads from the answer to an inspection whether the engine holds the thing.
fn is_held<T>(inspected: Result<T, EngineError>) -> Result<bool, EngineError> {
    match inspected {
        Ok(_) => Ok(true),
        // By the status: an engine that fails, or a connection that breaks, says nothing about the thing.
        Err(EngineError::Refused { status: Some(NOT_FOUND), .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The engine's own words for a refusal, else the last cause of a failure.
pub(super) fn words(error: &Error) -> String {
    match error {
        Error::DockerResponseServerError { message, .. } => message.trim().to_owned(),
        other => last_cause(other),
    }
}

/// An error and what caused it, the cause of that, and so on.
pub(super) fn causes<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

fn last_cause(error: &Error) -> String {
    causes(error).last().map_or_else(String::new, ToString::to_string)
}

fn is_forbidden(error: &Error) -> bool {
    let io = |error: &(dyn std::error::Error + 'static)| {
        error.downcast_ref::<std::io::Error>().map(std::io::Error::kind)
    };
    causes(error).any(|error| io(error) == Some(std::io::ErrorKind::PermissionDenied))
}

/// Converts an error of testcontainers, with its causes.
pub(super) fn refused(what: String, error: &TestcontainersError) -> EngineError {
    let mut message = String::new();
    for text in causes(error).map(ToString::to_string) {
        if message.is_empty() {
            message = text;
        } else if !message.contains(&text) {
            message = format!("{message}: {text}");
        }
    }
    // testcontainers wraps the answer of the engine, and nobody asks for the status of what it does.
    EngineError::Refused { what, status: None, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_answer_that_there_is_none_means_that_an_image_is_missing() {
        let inspected = |error: Error| is_held(Err::<(), _>(refusal("inspect an image", &error)));
        let answer = |status_code, message: &str| Error::DockerResponseServerError {
            status_code,
            message: message.to_owned(),
        };
        assert!(!inspected(answer(404, "No such image: x:1")).unwrap());
        for (error, told) in [
            (answer(500, "layer does not exist"), "layer does not exist"),
            (Error::IOError { err: std::io::ErrorKind::BrokenPipe.into() }, "broken pipe"),
        ] {
            let error = inspected(error).unwrap_err().to_string();
            assert_eq!(error, format!("the container engine can't inspect an image: {told}"));
        }
        assert!(is_held(Ok(())).unwrap());
    }

    #[test]
    fn a_gateway_of_this_machine_is_the_doorway_and_another_is_not() {
        let here = doorway(Some(Ipv4Addr::LOCALHOST.into()));
        assert_eq!(here.host, "127.0.0.1");
        // Of a range that is for documentation, so that no machine has it.
        let elsewhere = doorway(Some(Ipv4Addr::new(198, 51, 100, 1).into()));
        assert_eq!((elsewhere.host.as_str(), elsewhere.listen), (HOST, Ipv4Addr::LOCALHOST.into()));
        assert_eq!(doorway(None), elsewhere);
    }
}

//! A running system as the target of a load; by default only one on this machine.

use std::collections::BTreeMap;
use std::net::{SocketAddr, ToSocketAddrs};

use clap::Args;
use http::Uri;
use http::uri::Authority;

use super::exit::Failure;
use crate::load::{PathTarget, Template};
use crate::runner::LoadTarget;
use crate::stack::Topology;
use crate::stack::topology::{AnswerSpec, PathSpec, Send, Writes};

/// Name of the only path of `--get`.
pub const GET: &str = "get";

/// Arguments that name a running system.
#[derive(Debug, Clone, Default, Args)]
pub struct TargetArgs {
    /// Load a running system of this topology at HOST:PORT, instead of starting one
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "get")]
    pub at: Option<String>,
    /// Load anything that answers GET requests at this address; its path is named "get"
    #[arg(long, value_name = "URL")]
    pub get: Option<String>,
    /// Allow a load on a host other than this machine. Only with the consent of those who run it
    #[arg(long, value_name = "HOST")]
    pub allow_remote: Option<String>,
}

/// Returns the running system that the arguments name; none if one is to be started.
///
/// # Errors
/// A [`Failure`] for an address that is invalid, on another machine, or does not answer.
pub fn running(args: &TargetArgs, topology: &Topology) -> Result<Option<LoadTarget>, Failure> {
    let (name, address) = match (&args.at, &args.get) {
        (Some(at), _) => (at, check_target(at, at, args.allow_remote.as_deref())?),
        (_, Some(url)) => (url, of_url(url, args.allow_remote.as_deref())?),
        (None, None) => return Ok(None),
    };
    let target = |(path, spec): (&String, &PathSpec)| {
        let template = Template::new(path, spec, address).map_err(Failure::usage)?;
        Ok((path.clone(), PathTarget { template, stores: spec.may_write() }))
    };
    let targets = topology.paths.iter().map(target).collect::<Result<BTreeMap<_, _>, Failure>>()?;
    Ok(Some(LoadTarget::Running { targets, description: format!("running system at {name}") }))
}

/// Resolves a URL and checks that it answers and may be loaded: it is on this machine, or `--allow-remote` names it.
///
/// # Errors
/// A [`Failure`] for a URL that is invalid, on another machine, or does not answer.
pub fn of_url(url: &str, allow_remote: Option<&str>) -> Result<SocketAddr, Failure> {
    check_target(url, &authority(url)?, allow_remote)
}

fn check_target(given: &str, authority: &str, allow_remote: Option<&str>) -> Result<SocketAddr, Failure> {
    // Asked before the load begins: a mistyped address should not look like a system that fails every operation.
    let address = resolve(authority)?;
    check_allowed(allow_remote, given, address)?;
    // The load goes to this address and not to the name, which could resolve to another machine later.
    std::net::TcpStream::connect_timeout(&address, std::time::Duration::from_secs(2))
        .map_err(|error| Failure::unavailable(format!("nothing answers at {given}: {error}")))?;
    Ok(address)
}

/// Creates a topology of one path that sends GET requests to a URL.
///
/// # Errors
/// A [`Failure`] of usage for an invalid URL.
pub fn topology_of(url: &str) -> Result<Topology, Failure> {
    authority(url)?;
    let uri: Uri = url.parse().map_err(|_| invalid_url(url))?;
    let route = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let send = Send {
        node: String::new(),
        port: 0,
        method: "GET".to_owned(),
        route,
        headers: BTreeMap::new(),
        json: None,
    };
    let path = PathSpec {
        send,
        through: Vec::new(),
        stored_in: None,
        writes: Some(Writes::Nothing),
        answer: AnswerSpec::any(),
    };
    Ok(Topology { paths: [(GET.to_owned(), path)].into(), ..Topology::default() })
}

fn authority(url: &str) -> Result<String, Failure> {
    let uri: Uri = url.parse().map_err(|_| invalid_url(url))?;
    let host = uri.host().filter(|_| uri.scheme_str() == Some("http")).ok_or_else(|| invalid_url(url))?;
    Ok(format!("{host}:{}", uri.port_u16().unwrap_or(80)))
}

fn invalid_url(url: &str) -> Failure {
    Failure::usage(format!("invalid URL: expected one like http://127.0.0.1:8080/ping, found \"{url}\""))
}

fn resolve(at: &str) -> Result<SocketAddr, Failure> {
    let mut found = at.to_socket_addrs().map_err(|error| {
        Failure::usage(format!(
            "invalid address: expected HOST:PORT, like 127.0.0.1:8080, found \"{at}\": {error}"
        ))
    })?;
    found.next().ok_or_else(|| Failure::usage(format!("invalid address: \"{at}\" resolves to nothing")))
}

fn check_allowed(allow_remote: Option<&str>, given: &str, address: SocketAddr) -> Result<(), Failure> {
    // A load on the wrong machine is an attack, so the name of another one must be repeated.
    let host = host_of(given);
    if address.ip().is_loopback() || allow_remote == Some(host.as_str()) {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{given} is another machine ({}), and a load can harm others; if those who run it consent, add --allow-remote {host}",
        address.ip()
    )))
}

/// Returns the name or address of the machine in a URL or in `HOST:PORT`.
fn host_of(given: &str) -> String {
    let authority = given.trim_start_matches("http://").split(['/', '?', '#']).next().unwrap_or_default();
    // By the library, which knows users before the host, and brackets around an address of IPv6.
    authority
        .parse::<Authority>()
        .map_or_else(|_| authority.to_owned(), |authority| authority.host().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_machine_is_loaded_only_if_its_name_is_repeated() {
        let address = "192.0.2.1:80".parse().unwrap();
        let refused = check_allowed(None, "192.0.2.1:80", address).unwrap_err().to_string();
        assert!(refused.contains("add --allow-remote 192.0.2.1"), "{refused}");
        assert!(check_allowed(Some("other"), "192.0.2.1:80", address).is_err());
        assert!(check_allowed(Some("192.0.2.1"), "http://192.0.2.1:80/x", address).is_ok());
        assert!(check_allowed(None, "127.0.0.1:80", "127.0.0.1:80".parse().unwrap()).is_ok());
    }

    #[test]
    fn a_host_is_found_in_every_form_of_an_address() {
        for (given, host) in [
            ("http://user@shop.example/x", "shop.example"),
            ("http://[2001:db8::1]:80/x", "[2001:db8::1]"),
            ("[2001:db8::1]:80", "[2001:db8::1]"),
            ("http://shop.example?x=1", "shop.example"),
            ("shop.example:80", "shop.example"),
        ] {
            assert_eq!(host_of(given), host);
        }
    }

    #[test]
    fn invalid_addresses_are_errors() {
        for url in ["https://127.0.0.1/", "ping"] {
            let error = topology_of(url).unwrap_err().to_string();
            assert!(error.starts_with("invalid URL: expected"), "{error}");
        }
        let error = resolve("127.0.0.1").unwrap_err().to_string();
        assert!(error.starts_with("invalid address: expected HOST:PORT"), "{error}");
    }
}

//! A system that runs already, as the target of a load; by default only one of this machine.

use std::collections::BTreeMap;
use std::net::{SocketAddr, ToSocketAddrs};

use clap::Args;
use http::Uri;

use super::exit::Failure;
use crate::load::{PathTarget, Template};
use crate::runner::LoadTarget;
use crate::stack::Topology;
use crate::stack::topology::{AnswerSpec, PathSpec, Send, Writes};

/// The name of the only path of `--get`.
pub const GET: &str = "get";

/// What runs already and is to be loaded.
#[derive(Debug, Clone, Default, Args)]
pub struct TargetArgs {
    /// Load a system of this topology that runs already, at HOST:PORT, instead of starting one
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "get")]
    pub at: Option<String>,
    /// Load whatever answers at this address with GET requests; its path is called "get"
    #[arg(long, value_name = "URL")]
    pub get: Option<String>,
    /// Let the load go to a host that is not this machine. Only with the consent of those who run it
    #[arg(long, value_name = "HOST")]
    pub allow_remote: Option<String>,
}

/// Where the load goes, if to something that runs already.
///
/// # Errors
/// A [`Failure`] of usage for an address that is none or of another machine; that nobody listens there.
pub fn running(args: &TargetArgs, topology: &Topology) -> Result<Option<LoadTarget>, Failure> {
    let (given, address) = match (&args.at, &args.get) {
        (Some(at), _) => (at, reached(at, at, args.allow_remote.as_deref())?),
        (_, Some(url)) => (url, of_url(url, args.allow_remote.as_deref())?),
        (None, None) => return Ok(None),
    };
    let target = |(path, spec): (&String, &PathSpec)| {
        let template = Template::new(path, spec, address).map_err(Failure::usage)?;
        Ok((path.clone(), PathTarget { template, stores: spec.may_write() }))
    };
    let targets = topology.paths.iter().map(target).collect::<Result<BTreeMap<_, _>, Failure>>()?;
    Ok(Some(LoadTarget::Running { targets, description: format!("what runs at {given}") }))
}

/// The address of what answers at a URL, if it may be loaded: it is of this machine, or its name is said again.
///
/// # Errors
/// A [`Failure`] of usage for a URL that is none or of another machine; that nobody listens there.
pub fn of_url(url: &str, allow_remote: Option<&str>) -> Result<SocketAddr, Failure> {
    reached(url, &authority(url)?, allow_remote)
}

fn reached(given: &str, authority: &str, allow_remote: Option<&str>) -> Result<SocketAddr, Failure> {
    let address = resolve(authority)?;
    allowed(allow_remote, given, address)?;
    std::net::TcpStream::connect_timeout(&address, std::time::Duration::from_secs(2))
        .map_err(|error| Failure::unavailable(format!("nothing answers at {given}: {error}")))?;
    Ok(address)
}

/// A topology with nothing but one path, which gets a URL.
///
/// # Errors
/// A [`Failure`] of usage for a URL that is none.
pub fn topology_of(url: &str) -> Result<Topology, Failure> {
    authority(url)?;
    let uri: Uri = url.parse().map_err(|_| bad(url))?;
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
    let uri: Uri = url.parse().map_err(|_| bad(url))?;
    let host = uri.host().filter(|_| uri.scheme_str() == Some("http")).ok_or_else(|| bad(url))?;
    Ok(format!("{host}:{}", uri.port_u16().unwrap_or(80)))
}

fn bad(url: &str) -> Failure {
    Failure::usage(format!("\"{url}\" is no address to get, like http://127.0.0.1:8080/ping"))
}

fn resolve(at: &str) -> Result<SocketAddr, Failure> {
    let mut found = at.to_socket_addrs().map_err(|error| {
        Failure::usage(format!("\"{at}\" is no host and port, like 127.0.0.1:8080: {error}"))
    })?;
    found.next().ok_or_else(|| Failure::usage(format!("\"{at}\" has no address")))
}

fn allowed(allow_remote: Option<&str>, given: &str, address: SocketAddr) -> Result<(), Failure> {
    let host = given.trim_start_matches("http://").split(['/', ':']).next().unwrap_or_default();
    if address.ip().is_loopback() || allow_remote == Some(host) {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "{given} is not of this machine ({}): a load on it may harm others; with the consent of those who run it, add --allow-remote {host}",
        address.ip()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_machine_is_loaded_only_where_its_name_is_said_again() {
        let address = "192.0.2.1:80".parse().unwrap();
        let refused = allowed(None, "192.0.2.1:80", address).unwrap_err().to_string();
        assert!(refused.contains("add --allow-remote 192.0.2.1"), "{refused}");
        assert!(allowed(Some("other"), "192.0.2.1:80", address).is_err());
        assert!(allowed(Some("192.0.2.1"), "http://192.0.2.1:80/x", address).is_ok());
        assert!(allowed(None, "127.0.0.1:80", "127.0.0.1:80".parse().unwrap()).is_ok());
    }

    #[test]
    fn addresses_that_are_none_are_told() {
        for (url, told) in [("https://127.0.0.1/", "is no address to get"), ("ping", "is no address to get")]
        {
            let error = topology_of(url).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
        assert!(resolve("127.0.0.1").unwrap_err().to_string().contains("is no host and port"));
    }
}

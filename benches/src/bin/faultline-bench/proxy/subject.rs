//! Subjects that are measured: no proxy at all, and every proxy of this machine, each a process of its own before one
//! origin.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use benches::BenchError;
use serde_json::json;

use super::api::Api;
use super::origin::OriginAddresses;
use crate::process::{MeasuredProcess, beside, free_port, on_path, wait_for};

/// Variable that names Toxiproxy's server, where it is not on PATH.
const TOXIPROXY_SERVER: &str = "TOXIPROXY_SERVER";

/// Kind of proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProxyKind {
    Direct,
    Copy,
    Haproxy,
    Toxiproxy,
    Faultline,
}

/// Kinds in the order of their turns.
pub(super) const KINDS: [ProxyKind; 5] =
    [ProxyKind::Direct, ProxyKind::Copy, ProxyKind::Haproxy, ProxyKind::Toxiproxy, ProxyKind::Faultline];

/// Kinds that have toxics.
pub(super) const WITH_TOXICS: [ProxyKind; 2] = [ProxyKind::Toxiproxy, ProxyKind::Faultline];

impl ProxyKind {
    /// Name, with which the figures begin.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Copy => "tokio copy",
            Self::Haproxy => "haproxy",
            Self::Toxiproxy => "toxiproxy",
            Self::Faultline => "faultline",
        }
    }

    /// Program of another project; none if this machine does not have it, or none is needed.
    pub(super) fn program(self) -> Option<PathBuf> {
        match self {
            Self::Haproxy => on_path("haproxy"),
            Self::Toxiproxy => {
                std::env::var_os(TOXIPROXY_SERVER).map(PathBuf::from).or_else(|| on_path("toxiproxy-server"))
            }
            _ => None,
        }
    }

    /// Reports whether it can be measured here.
    pub(super) fn is_here(self) -> bool {
        !matches!(self, Self::Haproxy | Self::Toxiproxy) || self.program().is_some()
    }
}

/// Proxy that runs, or none.
pub(super) struct Subject {
    /// Name, with which the figures begin.
    pub(super) name: String,
    /// Addresses that clients connect to.
    pub(super) endpoints: OriginAddresses,
    /// Process of the proxy; none if there is no proxy.
    pub(super) process: Option<MeasuredProcess>,
    /// API of the proxy, if it has one.
    pub(super) api: Option<Api>,
    /// Folder of the configuration, if it has one.
    _folder: Option<tempfile::TempDir>,
}

impl Subject {
    /// Starts a proxy before the origin.
    pub(super) async fn start(kind: ProxyKind, origin: OriginAddresses) -> Result<Self, BenchError> {
        let mut subject =
            Self { name: kind.name().to_owned(), endpoints: origin, process: None, api: None, _folder: None };
        match kind {
            ProxyKind::Direct => {}
            ProxyKind::Copy => subject.start_copy(origin)?,
            ProxyKind::Haproxy => subject.start_haproxy(origin).await?,
            ProxyKind::Toxiproxy => {
                let program = kind.program().ok_or("Toxiproxy is not on this machine")?;
                // Toxiproxy can't either choose its port and print it.
                let api = free_port()?;
                let port = api.port().to_string();
                let arguments = ["-host", "127.0.0.1", "-port", port.as_str()];
                subject.process = Some(MeasuredProcess::start(Command::new(program).args(arguments))?);
                subject.make_proxies(api, origin).await?;
            }
            ProxyKind::Faultline => {
                let (process, api) = faultline()?;
                subject.process = Some(process);
                subject.make_proxies(api, origin).await?;
            }
        }
        Ok(subject)
    }

    /// Starts a proxy with a toxic in both directions of every link that does nothing to the bytes.
    pub(super) async fn start_with_toxics(
        kind: ProxyKind,
        origin: OriginAddresses,
    ) -> Result<Self, BenchError> {
        let mut subject = Self::start(kind, origin).await?;
        subject.name.push_str(", latency 0");
        for stream in ["upstream", "downstream"] {
            subject.add_to_all("latency", stream, &json!({ "latency": 0 })).await?;
        }
        Ok(subject)
    }

    /// Adds a toxic to every link, in one direction.
    pub(super) async fn add_to_all(
        &self,
        kind: &str,
        stream: &str,
        attributes: &serde_json::Value,
    ) -> Result<(), BenchError> {
        let api = self.api.ok_or("toxics: expected a proxy with an API, found none")?;
        for (link, _) in self.endpoints.named() {
            let toxic = json!({ "type": kind, "stream": stream, "attributes": attributes });
            api.add(link, &toxic).await?;
        }
        Ok(())
    }

    async fn make_proxies(&mut self, api: SocketAddr, origin: OriginAddresses) -> Result<(), BenchError> {
        wait_for(api).await?;
        let (api, [echo, source, slow]) = (Api(api), origin.named());
        self.api = Some(api);
        self.endpoints = OriginAddresses::from_named([
            api.create(echo.0, echo.1).await?,
            api.create(source.0, source.1).await?,
            api.create(slow.0, slow.1).await?,
        ]);
        Ok(())
    }

    fn start_copy(&mut self, origin: OriginAddresses) -> Result<(), BenchError> {
        let upstreams = origin.named().map(|(_, address)| address.to_string());
        let mut command = Command::new(std::env::current_exe()?);
        let (process, line) =
            MeasuredProcess::start_and_read_line(command.arg("proxy-copy").args(upstreams))?;
        self.process = Some(process);
        self.endpoints = endpoints(&line)?;
        Ok(())
    }

    async fn start_haproxy(&mut self, origin: OriginAddresses) -> Result<(), BenchError> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("haproxy.cfg");
        // HAProxy can't listen on a port of the system's choice and print it.
        self.endpoints = OriginAddresses::from_named([free_port()?, free_port()?, free_port()?]);
        std::fs::write(&file, haproxy_configuration(self.endpoints, origin))?;
        let program = ProxyKind::Haproxy.program().ok_or("HAProxy is not on this machine")?;
        self.process = Some(MeasuredProcess::start(Command::new(program).arg("-f").arg(&file))?);
        self._folder = Some(folder);
        wait_for(self.endpoints.slow).await
    }
}

/// Starts `faultline proxy` and returns the address of its API.
pub(crate) fn faultline() -> Result<(MeasuredProcess, SocketAddr), BenchError> {
    let mut command = Command::new(beside("faultline")?);
    let (process, line) =
        MeasuredProcess::start_and_read_line(command.args(["proxy", "--listen", "127.0.0.1:0"]))?;
    let address = line.split_once("http://").and_then(|(_, rest)| rest.split([',', ' ', '\n', '/']).next());
    Ok((process, address.ok_or("faultline proxy: expected an address, found none")?.parse()?))
}

/// Starts an origin and returns its addresses.
pub(crate) fn origin(delay: u64) -> Result<(MeasuredProcess, OriginAddresses), BenchError> {
    let mut command = Command::new(std::env::current_exe()?);
    let delay = delay.to_string();
    let (process, line) =
        MeasuredProcess::start_and_read_line(command.args(["proxy-origin", "--delay", &delay]))?;
    Ok((process, endpoints(&line)?))
}

/// Addresses on the first line of a process's output.
fn endpoints(line: &str) -> Result<OriginAddresses, BenchError> {
    let addresses = line.split_whitespace().map(str::parse).collect::<Result<Vec<SocketAddr>, _>>()?;
    let addresses = <[SocketAddr; 3]>::try_from(addresses)
        .map_err(|_| format!("origin: expected three addresses, found {line}"))?;
    Ok(OriginAddresses::from_named(addresses))
}

/// Configuration that only forwards TCP from each address to the origin's.
fn haproxy_configuration(endpoints: OriginAddresses, origin: OriginAddresses) -> String {
    // More than the connections of any measurement; the timeouts never end one.
    let mut text =
        "global\n  maxconn 9800\ndefaults\n  mode tcp\n  timeout connect 5s\n  timeout client 1h\n  \
                    timeout server 1h\n"
            .to_owned();
    for ((name, address), (_, upstream)) in endpoints.named().into_iter().zip(origin.named()) {
        text.push_str(&format!("listen {name}\n  bind {address}\n  server origin {upstream}\n"));
    }
    text
}

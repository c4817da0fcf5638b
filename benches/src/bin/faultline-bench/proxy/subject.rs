//! What is measured: no proxy at all, and every proxy that is there, each a process of its own in front of one origin.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use benches::Failed;
use serde_json::json;

use super::api::Api;
use super::origin::Doors;
use super::process::{Process, beside, free_port, wait_for};

/// The variable that names Toxiproxy's server, where it is not on PATH.
const TOXIPROXY_SERVER: &str = "TOXIPROXY_SERVER";

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Direct,
    Copy,
    Haproxy,
    Toxiproxy,
    Faultline,
}

/// Every kind.
pub(super) const KINDS: [Kind; 5] =
    [Kind::Direct, Kind::Copy, Kind::Haproxy, Kind::Toxiproxy, Kind::Faultline];

/// Those that have toxics.
pub(super) const WITH_TOXICS: [Kind; 2] = [Kind::Toxiproxy, Kind::Faultline];

impl Kind {
    /// As it is told.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Copy => "tokio copy",
            Self::Haproxy => "haproxy",
            Self::Toxiproxy => "toxiproxy",
            Self::Faultline => "faultline",
        }
    }

    /// Its program; none if this machine does not have it, or it needs none.
    pub(super) fn program(self) -> Option<PathBuf> {
        match self {
            Self::Haproxy => on_path("haproxy"),
            Self::Toxiproxy => {
                std::env::var_os(TOXIPROXY_SERVER).map(PathBuf::from).or_else(|| on_path("toxiproxy-server"))
            }
            _ => None,
        }
    }

    /// Whether it can be measured here.
    pub(super) fn is_here(self) -> bool {
        !matches!(self, Self::Haproxy | Self::Toxiproxy) || self.program().is_some()
    }
}

/// A proxy that runs, or none.
pub(super) struct Subject {
    /// As it is told.
    pub(super) name: String,
    /// Where its doors are.
    pub(super) doors: Doors,
    /// None if there is no proxy.
    pub(super) process: Option<Process>,
    /// None if it has none.
    pub(super) api: Option<Api>,
    /// Its configuration lies here.
    _folder: Option<tempfile::TempDir>,
}

impl Subject {
    /// Starts it in front of the origin.
    pub(super) async fn start(kind: Kind, origin: Doors) -> Result<Self, Failed> {
        let mut subject =
            Self { name: kind.name().to_owned(), doors: origin, process: None, api: None, _folder: None };
        match kind {
            Kind::Direct => {}
            Kind::Copy => subject.start_copy(origin)?,
            Kind::Haproxy => subject.start_haproxy(origin).await?,
            Kind::Toxiproxy => {
                let program = kind.program().ok_or("Toxiproxy is not here")?;
                let api = free_port()?;
                let port = api.port().to_string();
                let arguments = ["-host", "127.0.0.1", "-port", port.as_str()];
                subject.process = Some(Process::start(Command::new(program).args(arguments))?);
                subject.make_proxies(api, origin).await?;
            }
            Kind::Faultline => {
                let (process, api) = faultline()?;
                subject.process = Some(process);
                subject.make_proxies(api, origin).await?;
            }
        }
        Ok(subject)
    }

    /// The same with a toxic in both directions of every link that does nothing to the bytes.
    pub(super) async fn start_with_toxics(kind: Kind, origin: Doors) -> Result<Self, Failed> {
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
    ) -> Result<(), Failed> {
        let api = self.api.ok_or("it has no toxics")?;
        for (link, _) in self.doors.named() {
            let toxic = json!({ "type": kind, "stream": stream, "attributes": attributes });
            api.add(link, &toxic).await?;
        }
        Ok(())
    }

    async fn make_proxies(&mut self, api: SocketAddr, origin: Doors) -> Result<(), Failed> {
        wait_for(api).await?;
        let (api, [echo, source, slow]) = (Api(api), origin.named());
        self.api = Some(api);
        self.doors = Doors::from_named([
            api.create(echo.0, echo.1).await?,
            api.create(source.0, source.1).await?,
            api.create(slow.0, slow.1).await?,
        ]);
        Ok(())
    }

    fn start_copy(&mut self, origin: Doors) -> Result<(), Failed> {
        let upstreams = origin.named().map(|(_, address)| address.to_string());
        let mut command = Command::new(std::env::current_exe()?);
        let (process, line) = Process::start_telling(command.arg("proxy-copy").args(upstreams))?;
        self.process = Some(process);
        self.doors = told(&line)?;
        Ok(())
    }

    async fn start_haproxy(&mut self, origin: Doors) -> Result<(), Failed> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("haproxy.cfg");
        self.doors = Doors::from_named([free_port()?, free_port()?, free_port()?]);
        std::fs::write(&file, haproxy_configuration(self.doors, origin))?;
        let program = Kind::Haproxy.program().ok_or("HAProxy is not here")?;
        self.process = Some(Process::start(Command::new(program).arg("-f").arg(&file))?);
        self._folder = Some(folder);
        wait_for(self.doors.slow).await
    }
}

/// Starts `faultline proxy`; where its API is.
pub(crate) fn faultline() -> Result<(Process, SocketAddr), Failed> {
    let mut command = Command::new(beside("faultline")?);
    let (process, line) = Process::start_telling(command.args(["proxy", "--listen", "127.0.0.1:0"]))?;
    let address = line.split_once("http://").and_then(|(_, rest)| rest.split([',', ' ', '\n', '/']).next());
    Ok((process, address.ok_or("faultline proxy does not tell its address")?.parse()?))
}

/// Starts an origin; where its doors are.
pub(crate) fn origin(delay: u64) -> Result<(Process, Doors), Failed> {
    let mut command = Command::new(std::env::current_exe()?);
    let delay = delay.to_string();
    let (process, line) = Process::start_telling(command.args(["proxy-origin", "--delay", &delay]))?;
    Ok((process, told(&line)?))
}

/// The doors that a process tells on its first line.
fn told(line: &str) -> Result<Doors, Failed> {
    let addresses = line.split_whitespace().map(str::parse).collect::<Result<Vec<SocketAddr>, _>>()?;
    let addresses =
        <[SocketAddr; 3]>::try_from(addresses).map_err(|_| format!("no three addresses: {line}"))?;
    Ok(Doors::from_named(addresses))
}

/// TCP from each door to that of the origin, and nothing else.
fn haproxy_configuration(doors: Doors, origin: Doors) -> String {
    let mut text =
        "global\n  maxconn 9800\ndefaults\n  mode tcp\n  timeout connect 5s\n  timeout client 1h\n  \
                    timeout server 1h\n"
            .to_owned();
    for ((name, door), (_, upstream)) in doors.named().into_iter().zip(origin.named()) {
        text.push_str(&format!("listen {name}\n  bind {door}\n  server origin {upstream}\n"));
    }
    text
}

fn on_path(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let mut files = std::env::split_paths(&folders).map(|folder: PathBuf| folder.join(program));
    files.find(|file: &PathBuf| Path::is_file(file))
}

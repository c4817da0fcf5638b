//! The provider that runs every node as a child process of the harness, on ports of 127.0.0.1.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use nix::sys::signal::Signal;
use tokio::time::Instant;

use super::doorway::Doorway;
use super::error::StackError;
use super::guard::Guard;
use super::identity::Identity;
use super::overrides::Override;
use super::process::{Process, Spec};
use super::provider::{Frozen, NodeState, Provider};
use super::publish::{Ports, ReservedPorts};
use super::run_id::RunId;
use super::server::{self, Server, ServerError, ServerPlace};
use super::stop::{self, StopOutcome};
use super::topology::{Node, Program, Topology};
use super::{binary, data, mark, process, tree};

/// Time that a node may take to stop gracefully.
// Named in the description of the fault `stop`.
const GRACE: Duration = Duration::from_secs(20);

/// Time that a service may take to drain when the stack ends.
// Shorter than that of a fault, since every run ends with it.
const DRAIN: Duration = Duration::from_secs(5);

/// Provider that runs each node as a process of this machine.
pub struct Processes {
    run: RunId,
    members: BTreeMap<String, ProcessNode>,
}

/// One node.
struct ProcessNode {
    kind: ProgramKind,
    place: ServerPlace,
    overrides: Override,
    _ports: ReservedPorts,
    running: Mutex<ProcessState>,
    /// Held while the node is being started, stopped or signalled.
    // A lock of its own: `running` is locked for a moment only, so that the state can be read meanwhile.
    turn: tokio::sync::Mutex<()>,
}

enum ProgramKind {
    Binary { program: PathBuf, listen: BTreeMap<String, u16> },
    Server(Arc<dyn Server>),
}

#[derive(Default)]
struct ProcessState {
    process: Option<Process>,
    /// Guard of a paused node; none while it runs.
    guard: Option<Guard>,
    /// Reason for the end of the node, if the lab ended it.
    down: Option<String>,
    provisioned: bool,
}

impl ProcessState {
    fn state(&self) -> NodeState {
        match (&self.process, &self.down) {
            (None, Some(how)) => NodeState::Down(how.clone()),
            (None, None) => NodeState::Absent,
            (Some(process), _) => match process.try_status() {
                Some(status) => NodeState::Ended(status.to_string()),
                None if self.guard.is_some() => NodeState::Paused(process.pid()),
                None => NodeState::Running(process.pid()),
            },
        }
    }
}

impl Processes {
    /// Finds the program of each of `nodes` and reserves their ports; nothing runs yet. `folder` gets a folder
    /// for each node and its log.
    ///
    /// # Errors
    /// [`StackError`] names the node whose program is missing or whose port is taken.
    pub fn new(
        topology: &Topology,
        nodes: &[&Node],
        run: &RunId,
        folder: &Path,
        ports: Ports,
        overrides: &BTreeMap<String, Override>,
    ) -> Result<Self, StackError> {
        let unmade = |source| StackError::File { what: "can't make the folder for data".to_owned(), source };
        data::make(folder, run).map_err(unmade)?;
        let mut members = BTreeMap::new();
        for node in nodes {
            let special = overrides.get(node.name.as_str()).cloned().unwrap_or_default();
            let held = ReservedPorts::reserve(topology, node, ports)?;
            members.insert(node.name.to_string(), ProcessNode::new(node, run, folder, held, special)?);
        }
        Ok(Self { run: run.clone(), members })
    }

    /// Tells whether this provider runs a node.
    pub(super) fn has(&self, node: &str) -> bool {
        self.members.contains_key(node)
    }

    fn member(&self, node: &str) -> Result<&ProcessNode, StackError> {
        self.members.get(node).ok_or_else(|| StackError::NoNode(node.to_owned()))
    }
}

impl ProcessNode {
    fn new(
        node: &Node,
        run: &RunId,
        folder: &Path,
        held: ReservedPorts,
        overrides: Override,
    ) -> Result<Self, StackError> {
        let kind = kind_of(node, &overrides)?;
        let place = ServerPlace {
            dir: data::folder_of(folder, run, &node.name),
            log: folder.join("logs").join(format!("{}.log", node.name)),
            ports: held.numbers.clone(),
            environment: overrides.environment_of(node),
            run: run.clone(),
        };
        for folder in [Some(place.dir.as_path()), place.log.parent()].into_iter().flatten() {
            std::fs::create_dir_all(folder).map_err(|source| StackError::File {
                what: format!("can't make {}", folder.display()),
                source,
            })?;
        }
        let running = Mutex::default();
        Ok(Self { kind, place, overrides, _ports: held, running, turn: tokio::sync::Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, ProcessState> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Builds the command of a node, with the environment that the stack gives it.
    fn spec(&self, environment: &BTreeMap<String, String>) -> Result<Spec, ServerError> {
        let spec = match &self.kind {
            ProgramKind::Server(server) => server.spec(&self.place)?,
            ProgramKind::Binary { program, listen } => self.binary(program, listen, environment),
        };
        Ok(self.marked(spec))
    }

    /// Adds the marks by which `heal` finds a child.
    fn marked(&self, mut spec: Spec) -> Spec {
        let mark = mark::environment(&self.place.run);
        spec.env.extend(mark.map(|(key, value)| (OsString::from(key), OsString::from(value))));
        spec
    }

    fn binary(
        &self,
        program: &Path,
        listen: &BTreeMap<String, u16>,
        given: &BTreeMap<String, String>,
    ) -> Spec {
        let mut environment = given.clone();
        // In the topology it is an address inside a container, mostly 0.0.0.0; here it stays on loopback.
        for (variable, inner) in listen {
            if let Some(port) = self.place.ports.get(inner) {
                environment.insert(variable.clone(), format!("127.0.0.1:{port}"));
            }
        }
        environment.extend(self.overrides.environment.clone());
        // The output goes to a file, and its last lines into error messages.
        environment.entry("NO_COLOR".to_owned()).or_insert_with(|| "1".to_owned());
        let env = environment.into_iter().map(|(key, value)| (OsString::from(key), OsString::from(value)));
        Spec {
            program: program.to_path_buf(),
            args: Vec::new(),
            env: env.collect(),
            cwd: self.place.dir.clone(),
            account: None,
            log: self.place.log.clone(),
        }
    }

    /// Takes the process of a node that is running or paused, to end it, and marks the node as down.
    fn take(&self, node: &str, action: &'static str) -> Result<Process, StackError> {
        let mut running = self.lock();
        match (running.state(), running.process.take()) {
            (NodeState::Running(_) | NodeState::Paused(_), Some(process)) => {
                // Without a process and a reason, the node would look as if it had never started.
                running.down = Some(format!("pid {} was {action}", process.pid()));
                Ok(process)
            }
            (state, process) => {
                // The process of a node that died by itself is the evidence of its death.
                running.process = process;
                Err(StackError::State { node: node.to_owned(), action, state: state.to_string() })
            }
        }
    }

    fn state(&self) -> NodeState {
        self.lock().state()
    }

    /// The process id of a node that is running or paused.
    fn pid(&self, node: &str, action: &'static str) -> Result<u32, StackError> {
        match self.state() {
            NodeState::Running(pid) | NodeState::Paused(pid) => Ok(pid),
            state => Err(StackError::State { node: node.to_owned(), action, state: state.to_string() }),
        }
    }

    /// Stops a process of the node gracefully, and kills it after `grace`.
    async fn stop(&self, node: &str, mut process: Process, grace: Duration) -> StopOutcome {
        let (signal, promised) = match &self.kind {
            ProgramKind::Server(server) => (server.stop_signal(), server.stop_codes()),
            ProgramKind::Binary { .. } => (Signal::SIGTERM, stop::SERVICE),
        };
        let asked = Instant::now();
        let status = process.stop(signal, grace).await;
        let ended = Instant::now();
        StopOutcome { node: node.to_owned(), status, promised, took: ended - asked, grace, ended }
    }

    /// Ends the node when the stack ends: a service is asked to stop; a server's data is not needed any
    /// more, so it ends by the quickest signal that leaves nothing behind.
    async fn end(&self, node: &str) -> Option<StopOutcome> {
        let _turn = self.turn.lock().await;
        let was_running = matches!(self.state(), NodeState::Running(_));
        let process = {
            let mut running = self.lock();
            running.guard = None;
            running.down = Some("ended with the stack".to_owned());
            running.process.take()
        };
        let mut process = process?;
        match &self.kind {
            ProgramKind::Binary { .. } if was_running => return Some(self.stop(node, process, DRAIN).await),
            ProgramKind::Server(server) if was_running => process.stop(server.end_signal(), DRAIN).await,
            // Paused it could not hear a signal. One that died by itself has no descendants any more: the kernel
            // gave them another parent, and `heal` finds them by their mark.
            _ => process.kill().await,
        };
        None
    }

    fn is_service(&self) -> bool {
        matches!(self.kind, ProgramKind::Binary { .. })
    }
}

fn kind_of(node: &Node, overrides: &Override) -> Result<ProgramKind, StackError> {
    match &node.program {
        None => Err(StackError::NoProcess { node: node.name.to_string() }),
        Some(Program::Server(name)) => {
            let server = server::known(name).ok_or_else(|| StackError::UnknownServer {
                node: node.name.to_string(),
                server: name.clone(),
            })?;
            Ok(ProgramKind::Server(Arc::from(server)))
        }
        Some(Program::Binary { name, listen }) => {
            let name = overrides.program.as_ref().unwrap_or(name);
            let program = binary::service(name).ok_or_else(|| StackError::NoProgram {
                node: node.name.to_string(),
                program: name.clone(),
                how: binary::how_to_get(name),
            })?;
            Ok(ProgramKind::Binary { program, listen: listen.clone() })
        }
    }
}

/// Prepares a server on a thread of its own.
// All nodes are started from one task, and making a data folder takes a second.
async fn prepare(server: &Arc<dyn Server>, place: &ServerPlace) -> Result<(), ServerError> {
    let (server, place) = (Arc::clone(server), place.clone());
    match tokio::task::spawn_blocking(move || server.prepare(&place)).await {
        Ok(prepared) => prepared,
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}

fn signalled(node: &str, source: std::io::Error) -> StackError {
    StackError::File { what: format!("can't signal the processes of {node}"), source }
}

impl Provider for Processes {
    fn name(&self) -> &'static str {
        "processes"
    }

    fn address(&self, node: &str, port: u16) -> Option<SocketAddr> {
        let port = *self.members.get(node)?.place.ports.get(&port)?;
        Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
    }

    fn doorway(&self, _: &str) -> Doorway {
        Doorway::loopback()
    }

    fn neighbour(&self, node: &str, port: u16) -> Option<String> {
        self.address(node, port).map(|address| address.to_string())
    }

    fn start<'a>(
        &'a self,
        node: &'a str,
        environment: &'a BTreeMap<String, String>,
    ) -> BoxFuture<'a, Result<(), StackError>> {
        Box::pin(async move {
            let member = self.member(node)?;
            let _turn = member.turn.lock().await;
            if let state @ (NodeState::Running(_) | NodeState::Paused(_)) = member.state() {
                return Err(StackError::State {
                    node: node.to_owned(),
                    action: "started",
                    state: state.to_string(),
                });
            }
            let failed = |source| StackError::Server { node: node.to_owned(), source };
            let broken = |source| StackError::Process { node: node.to_owned(), source };
            if let ProgramKind::Server(server) = &member.kind {
                prepare(server, &member.place).await.map_err(failed)?;
            }
            let process = Process::spawn(&member.spec(environment).map_err(failed)?).map_err(broken)?;
            let mut running = member.lock();
            running.process = Some(process);
            // A node that died while it was paused still has its guard.
            running.guard = None;
            running.down = None;
            Ok(())
        })
    }

    fn ready<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move {
            let member = self.member(node).map_err(|error| error.to_string())?;
            match &member.kind {
                ProgramKind::Server(server) => server.ready(&member.place).await,
                ProgramKind::Binary { .. } => match member.state() {
                    NodeState::Running(_) => Ok(()),
                    state => Err(state.to_string()),
                },
            }
        })
    }

    fn provision<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<(), StackError>> {
        Box::pin(async move {
            let member = self.member(node)?;
            // Users and databases are in the data folder, which a restart keeps.
            let already = member.lock().provisioned;
            if let (ProgramKind::Server(server), false) = (&member.kind, already) {
                server
                    .provision(&member.place)
                    .await
                    .map_err(|source| StackError::Server { node: node.to_owned(), source })?;
                member.lock().provisioned = true;
            }
            Ok(())
        })
    }

    fn state(&self, node: &str) -> NodeState {
        self.members.get(node).map_or(NodeState::Absent, ProcessNode::state)
    }

    fn kill<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<(), StackError>> {
        Box::pin(async move {
            let member = self.member(node)?;
            let _turn = member.turn.lock().await;
            member.take(node, "killed")?.kill().await;
            Ok(())
        })
    }

    fn stop<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<StopOutcome, StackError>> {
        Box::pin(async move {
            let member = self.member(node)?;
            let _turn = member.turn.lock().await;
            let process = member.take(node, "stopped")?;
            let pid = process.pid();
            let stop = member.stop(node, process, GRACE).await;
            member.lock().down = Some(format!("pid {pid} was stopped and ended with {}", stop.status));
            Ok(stop)
        })
    }

    fn pause<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<(), StackError>> {
        Box::pin(async move {
            let member = self.member(node)?;
            let _turn = member.turn.lock().await;
            let pid = member.pid(node, "paused")?;
            let family = tree::family(pid).map_err(|source| signalled(node, source))?;
            // The node itself has the lab's death signal, and SIGKILL ends a paused process too. The guard
            // comes first, so that a lab that dies in between leaves nothing paused.
            let descendants: Vec<_> = family.into_iter().filter(|process| process.pid != pid).collect();
            let guard = Guard::over(&descendants).map_err(|source| signalled(node, source))?;
            tree::pause(pid).await.map_err(|source| signalled(node, source))?;
            member.lock().guard = Some(guard);
            Ok(())
        })
    }

    fn resume<'a>(&'a self, node: &'a str) -> BoxFuture<'a, Result<(), StackError>> {
        Box::pin(async move {
            let member = self.member(node)?;
            let _turn = member.turn.lock().await;
            let pid = member.pid(node, "resumed")?;
            tree::signal(pid, Signal::SIGCONT).map_err(|source| signalled(node, source))?;
            // Released last: until they run again, the processes need it.
            member.lock().guard = None;
            Ok(())
        })
    }

    fn identity(&self, node: &str) -> Option<Identity> {
        Identity::of(self.members.get(node)?.pid(node, "seen").ok()?)
    }

    fn is_gone<'a>(&'a self, _: &'a str, pid: u32) -> BoxFuture<'a, bool> {
        Box::pin(async move { tree::see(pid).is_none() })
    }

    fn frozen<'a>(&'a self, _: &'a str, pid: u32) -> BoxFuture<'a, Frozen> {
        Box::pin(async move {
            let processes = tree::family(pid).map_or(0, |tree| tree.len());
            // What cannot be read counts as running, so that it never passes for evidence of a pause.
            let running = tree::running(pid).map_or(processes, |running| running.len());
            Frozen { processes, running }
        })
    }

    fn log_tail(&self, node: &str) -> String {
        self.members.get(node).map(|member| process::tail(&member.place.log)).unwrap_or_default()
    }

    fn shutdown(&self) -> BoxFuture<'_, Vec<StopOutcome>> {
        Box::pin(async move {
            tracing::debug!("ending the nodes of run {}", self.run);
            let (services, servers): (Vec<_>, Vec<_>) =
                self.members.iter().partition(|(_, member)| member.is_service());
            // Services first: they drain into servers that are still there.
            let mut stops = Vec::new();
            for members in [services, servers] {
                let ends = members.into_iter().map(|(node, member)| member.end(node));
                stops.extend(futures::future::join_all(ends).await.into_iter().flatten());
            }
            stops
        })
    }
}

#[cfg(test)]
mod tests;

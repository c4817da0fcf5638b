//! One node as a process: its command, its state and its end.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::time::Instant;

use super::program::ProgramKind;
use crate::error::StackError;
use crate::guard::Guard;
use crate::mark;
use crate::overrides::Override;
use crate::process::{Process, Spec};
use crate::provider::NodeState;
use crate::publish::ReservedPorts;
use crate::run_id::RunId;
use crate::server::{ServerError, ServerPlace};
use crate::stop::{self, StopOutcome};
use crate::topology::Node;

/// Time that a service may take to drain when the stack ends.
// Shorter than that of a fault, since every run ends with it.
const DRAIN: Duration = Duration::from_secs(5);

/// One node.
pub(super) struct ProcessNode {
    pub(super) kind: ProgramKind,
    pub(super) place: ServerPlace,
    overrides: Override,
    _ports: ReservedPorts,
    pub(super) running: Mutex<ProcessState>,
    /// Held while the node is being started, stopped or signalled.
    // A lock of its own: `running` is locked for a moment only, so that the state can be read meanwhile.
    pub(super) turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
pub(super) struct ProcessState {
    pub(super) process: Option<Process>,
    /// Guard of a paused node; none while it runs.
    pub(super) guard: Option<Guard>,
    /// Reason for the end of the node, if the lab ended it.
    pub(super) down: Option<String>,
    pub(super) provisioned: bool,
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

impl ProcessNode {
    pub(super) fn new(
        node: &Node,
        run: &RunId,
        folder: &Path,
        held: ReservedPorts,
        overrides: Override,
    ) -> Result<Self, StackError> {
        let kind = ProgramKind::of(node, &overrides)?;
        let place = ServerPlace::new(node, run, folder, held.numbers.clone(), overrides.environment_of(node));
        for folder in [Some(place.dir.as_path()), place.log.parent()].into_iter().flatten() {
            std::fs::create_dir_all(folder).map_err(|source| StackError::File {
                what: format!("can't make {}", folder.display()),
                source,
            })?;
        }
        let running = Mutex::default();
        Ok(Self { kind, place, overrides, _ports: held, running, turn: tokio::sync::Mutex::default() })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, ProcessState> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Builds the command of a node, with the environment that the stack gives it.
    pub(super) fn spec(&self, environment: &BTreeMap<String, String>) -> Result<Spec, ServerError> {
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
    pub(super) fn take(&self, node: &str, action: &'static str) -> Result<Process, StackError> {
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

    pub(super) fn state(&self) -> NodeState {
        self.lock().state()
    }

    /// The process id of a node that is running or paused.
    pub(super) fn pid(&self, node: &str, action: &'static str) -> Result<u32, StackError> {
        match self.state() {
            NodeState::Running(pid) | NodeState::Paused(pid) => Ok(pid),
            state => Err(StackError::State { node: node.to_owned(), action, state: state.to_string() }),
        }
    }

    /// Stops a process of the node gracefully, and kills it after `grace`.
    pub(super) async fn stop(&self, node: &str, mut process: Process, grace: Duration) -> StopOutcome {
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
    pub(super) async fn end(&self, node: &str) -> Option<StopOutcome> {
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

    pub(super) fn is_service(&self) -> bool {
        matches!(self.kind, ProgramKind::Binary { .. })
    }
}

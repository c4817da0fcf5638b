//! One node as a container: its start, its signals, and what became of it.

use std::collections::BTreeMap;
use std::mem::ManuallyDrop;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use testcontainers::bollard::errors::Error;
use testcontainers::bollard::query_parameters::KillContainerOptionsBuilder;
use testcontainers::core::{IntoContainerPort, Mount};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, ContainerRequest, GenericImage, ImageExt, TestcontainersError};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::engine::{ContainerEngine, causes, words};
use super::labels::Labels;
use super::logs;
use crate::doorway::Doorway;
use crate::error::{EngineError, StackError};
use crate::process::Status;
use crate::provider::NodeState;
use crate::publish::ReservedPorts;
use crate::server::{Server, ServerPlace};
use crate::stop::StopOutcome;
use crate::topology::Container;

/// Time that a node has to stop in order.
const GRACE: Duration = Duration::from_secs(20);

/// Time that a container may take to end after SIGKILL.
const DEATH: Duration = Duration::from_secs(20);

/// Number of attempts to pause a container.
const FREEZES: u32 = 10;

/// Time that the last output of a container may take to reach its log.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Settings that all nodes of a run share.
pub(super) struct Common {
    pub(super) engine: ContainerEngine,
    pub(super) labels: Labels,
    pub(super) network: String,
    pub(super) doorway: Doorway,
}

/// One node.
pub(super) struct ContainerNode {
    pub(super) common: Arc<Common>,
    pub(super) recipe: Container,
    pub(super) server: Option<Arc<dyn Server>>,
    pub(super) place: ServerPlace,
    /// Variables that take the place of the topology's.
    pub(super) environment: BTreeMap<String, String>,
    pub(super) _ports: ReservedPorts,
    pub(super) life: Mutex<Life>,
    /// Held while the node is being started, stopped or signalled.
    pub(super) turn: Arc<tokio::sync::Mutex<()>>,
    pub(super) name: String,
    /// Exit codes that are promised for its stop signal.
    pub(super) promised: &'static [i32],
}

/// Container of the engine.
// Dropped, it stays, for the sweep or `heal`: its own removal would wait for the engine in whatever thread drops it,
// for ever in that of a runtime that is ending.
type ContainerHandle = Arc<ManuallyDrop<ContainerAsync<GenericImage>>>;

/// State of a node's container.
#[derive(Default)]
pub(super) struct Life {
    container: Option<ContainerHandle>,
    /// Counts the starts, so that news of an earlier life is not taken for that of this one.
    number: u64,
    pid: u32,
    paused: bool,
    over: Option<NodeState>,
    pub(super) provisioned: bool,
    /// Follows the log; gives the moment of its last words.
    log: Option<JoinHandle<String>>,
}

impl ContainerNode {
    pub(super) fn lock(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn state(&self) -> NodeState {
        let life = self.lock();
        match (&life.over, &life.container) {
            (Some(over), _) => over.clone(),
            (None, None) => NodeState::Absent,
            (None, Some(_)) if life.paused => NodeState::Paused(life.pid),
            (None, Some(_)) => NodeState::Running(life.pid),
        }
    }

    /// The container, in a state that allows an action.
    fn live(&self, action: &'static str) -> Result<ContainerHandle, StackError> {
        match (self.state(), self.lock().container.clone()) {
            (NodeState::Running(_) | NodeState::Paused(_), Some(container)) => Ok(container),
            (state, _) => {
                Err(StackError::State { node: self.name.clone(), action, state: state.to_string() })
            }
        }
    }

    /// Starts the container, or starts it again.
    // A start that began runs to its end in a task of its own, even if nobody waits for it any more, so that the end
    // of the stack finds whatever was made.
    pub(super) async fn start(
        self: Arc<Self>,
        environment: BTreeMap<String, String>,
    ) -> Result<(), StackError> {
        // Owned, since it moves into the task: the turn lasts as long as the start, not as the caller.
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let work = tokio::spawn(async move {
            let started = self.start_in_turn(environment).await;
            drop(turn);
            started
        });
        match work.await {
            Ok(started) => started,
            Err(broken) if broken.is_panic() => std::panic::resume_unwind(broken.into_panic()),
            // Cancelled, which happens only when the runtime ends.
            Err(_) => Ok(()),
        }
    }

    async fn start_in_turn(
        self: &Arc<Self>,
        environment: BTreeMap<String, String>,
    ) -> Result<(), StackError> {
        if let state @ (NodeState::Running(_) | NodeState::Paused(_)) = self.state() {
            let (node, state) = (self.name.clone(), state.to_string());
            return Err(StackError::State { node, action: "started", state });
        }
        let failed = |error: TestcontainersError| refused(format!("start {}", self.name), &error);
        let before = self.lock().container.clone();
        let container = match before {
            Some(container) => {
                // The same container, with its data. Its environment still fits: proxies keep their ports.
                container.start().await.map_err(failed)?;
                container
            }
            None => {
                let made = self.request(environment).start().await.map_err(failed)?;
                Arc::new(ManuallyDrop::new(made))
            }
        };
        let pid = self.inspect(container.id()).await?.pid;
        // The file is written by one task at a time.
        let since = self.last_words().await;
        let docker = &self.common.engine.docker;
        let log = logs::follow(docker.clone(), container.id().to_owned(), self.place.log.clone(), since);
        let mut life = self.lock();
        life.number += 1;
        life.pid = pid;
        life.paused = false;
        life.over = None;
        life.log = Some(tokio::spawn(log));
        // One that has ended by now is reported too: the engine waits for a state, not for a change.
        tokio::spawn(Arc::clone(self).watch(container.id().to_owned(), life.number));
        life.container = Some(container);
        drop(life);
        Ok(())
    }

    fn request(&self, environment: BTreeMap<String, String>) -> ContainerRequest<GenericImage> {
        let (name, tag) = name_and_tag(&self.recipe.image);
        let mut image = GenericImage::new(name, tag);
        let mut words = self.recipe.entrypoint.iter();
        // testcontainers accepts one word as the entry point; the others go before the command.
        if let Some(first) = words.next() {
            image = image.with_entrypoint(first);
        }
        let command: Vec<String> = words.chain(&self.recipe.command).cloned().collect();
        let mut request = image
            .with_cmd(command)
            .with_container_name(format!("faultline-{}-{}", self.place.run, self.name))
            .with_network(&self.common.network)
            .with_labels(self.common.labels.pairs());
        for (inner, outer) in &self.place.ports {
            request = request.with_mapped_port(*outer, inner.tcp());
        }
        // Ports are for the lab, not for the network that this machine is in.
        // Docker Desktop knows this name by itself, an engine on Linux does not.
        let host = format!("{}:host-gateway", super::engine::HOST);
        request = request.with_host_config_modifier(move |config| {
            for binding in
                config.port_bindings.iter_mut().flat_map(|all| all.values_mut()).flatten().flatten()
            {
                binding.host_ip = Some("127.0.0.1".to_owned());
            }
            config.extra_hosts.get_or_insert_default().push(host.clone());
        });
        for bind in &self.recipe.binds {
            let mount = Mount::bind_mount(bind.source.display().to_string(), bind.target.clone());
            let mode = if bind.read_only {
                testcontainers::core::AccessMode::ReadOnly
            } else {
                testcontainers::core::AccessMode::ReadWrite
            };
            request = request.with_mount(mount.with_access_mode(mode));
        }
        if let Some(user) = &self.recipe.user {
            request = request.with_user(user);
        }
        if let Some(hostname) = &self.recipe.hostname {
            request = request.with_hostname(hostname);
        }
        // The override comes last, since a later value replaces an earlier one.
        let variables = environment.into_iter().chain(self.environment.clone());
        variables.fold(request, |request, (key, value)| request.with_env_var(key, value))
    }

    /// Sees how it ends, and says so unless the lab ended it.
    async fn watch(self: Arc<Self>, id: String, number: u64) {
        let mut ends = std::pin::pin!(self.common.engine.docker.wait_container(&id, None));
        let over = match ends.next().await {
            Some(Ok(end)) => NodeState::Ended(format!("exit code {}", end.status_code)),
            // bollard makes an error of every exit code but 0.
            Some(Err(Error::DockerContainerWaitError { code, .. })) => {
                NodeState::Ended(format!("exit code {code}"))
            }
            Some(Err(error)) => {
                NodeState::Lost(format!("connection to the container engine lost: {}", words(&error)))
            }
            None => NodeState::Lost("connection to the container engine lost".to_owned()),
        };
        let mut life = self.lock();
        if life.number == number && life.over.is_none() {
            life.over = Some(over);
        }
    }

    /// The moment of the last words of its former life, once they are in its log.
    async fn last_words(&self) -> String {
        let log = self.lock().log.take();
        match log {
            Some(log) => match tokio::time::timeout(LAST_WORDS, log).await {
                Ok(Ok(moment)) => moment,
                _ => String::new(),
            },
            None => String::new(),
        }
    }

    /// Kills it with SIGKILL; done when it is gone.
    pub(super) async fn kill(&self) -> Result<(), StackError> {
        let _turn = self.turn.lock().await;
        let container = self.live("killed")?;
        let (pid, paused) = self.mark_down("was killed");
        let result = self.kill_now(container.id(), paused).await;
        self.unless_failed(result, container.id(), (pid, paused)).await
    }

    async fn kill_now(&self, id: &str, paused: bool) -> Result<(), EngineError> {
        let engine = &self.common.engine;
        let options = KillContainerOptionsBuilder::new().signal("SIGKILL").build();
        engine.ask(&format!("kill {}", self.name), engine.docker.kill_container(id, Some(options))).await?;
        if paused {
            // A frozen process dies only once it is thawed; an engine that thaws it by itself refuses this.
            let _ = engine.ask("unpause the killed container", engine.docker.unpause_container(id)).await;
        }
        // The engine answers when it has sent the signal, not when the container has ended.
        let gone = async {
            let mut ends = std::pin::pin!(engine.docker.wait_container(id, None));
            // However it ended, it is gone.
            ends.next().await;
            Ok(())
        };
        engine.ask_within(DEATH, &format!("end {}", self.name), gone).await
    }

    /// Stops the container by the signal of its image, after the grace by SIGKILL; done when it is gone.
    pub(super) async fn stop(&self) -> Result<StopOutcome, StackError> {
        let _turn = self.turn.lock().await;
        let container = self.live("stopped")?;
        let (pid, paused) = self.mark_down("was stopped");
        let asked = Instant::now();
        let seconds = i32::try_from(GRACE.as_secs()).unwrap_or(i32::MAX);
        let result = container.stop_with_timeout(Some(seconds)).await;
        let ended = Instant::now();
        let result = result.map_err(|error| refused(format!("stop {}", self.name), &error));
        self.unless_failed(result, container.id(), (pid, paused)).await?;
        let code = self.inspect(container.id()).await?.exit_code;
        let status = Status::exited(i32::try_from(code).unwrap_or(i32::MAX));
        self.lock().over = Some(NodeState::Down(format!("pid {pid} was stopped and ended with {status}")));
        let (node, promised) = (self.name.clone(), self.promised);
        // The engine's own way there and back is no time of the node's; what it takes beyond the grace shows in the
        // exit code, since the engine kills then.
        let took = (ended - asked).min(GRACE);
        Ok(StopOutcome { node, status, promised, took, grace: GRACE, ended })
    }

    /// Marks the node as down before the lab ends it, so that its end is expected.
    fn mark_down(&self, how: &str) -> (u32, bool) {
        let mut life = self.lock();
        let before = (life.pid, life.paused);
        life.over = Some(NodeState::Down(format!("pid {} {how}", life.pid)));
        life.paused = false;
        before
    }

    /// Reverts [`Self::mark_down`] if the node did not end by it: the node lives on, or ended by itself.
    async fn unless_failed(
        &self,
        result: Result<(), EngineError>,
        id: &str,
        (pid, paused): (u32, bool),
    ) -> Result<(), StackError> {
        if result.is_err() {
            let dead = self.inspect(id).await.ok().filter(|seen| !seen.running);
            let over = dead.map(|seen| NodeState::Ended(format!("exit code {}", seen.exit_code)));
            let mut life = self.lock();
            (life.over, life.pid, life.paused) = (over, pid, paused);
        }
        Ok(result?)
    }

    pub(super) async fn pause(&self) -> Result<(), StackError> {
        let _turn = self.turn.lock().await;
        let container = self.live("paused")?;
        self.freeze(container.id()).await?;
        self.lock().paused = true;
        Ok(())
    }

    /// Pauses the container.
    // On older kernels (cgroup v1) the engine gives up on a container whose threads are too busy to be caught
    // at once, and thaws it; another attempt catches them.
    async fn freeze(&self, id: &str) -> Result<(), EngineError> {
        let engine = &self.common.engine;
        let mut left = FREEZES;
        loop {
            left -= 1;
            match engine.ask(&format!("pause {}", self.name), engine.docker.pause_container(id)).await {
                Err(EngineError::Refused { message, .. })
                    // By its text, since the status is 500, as for other failures of the engine.
                    if left > 0 && message.contains("unable to freeze") => {}
                other => return other,
            }
        }
    }

    pub(super) async fn resume(&self) -> Result<(), StackError> {
        let _turn = self.turn.lock().await;
        let container = self.live("resumed")?;
        let engine = &self.common.engine;
        let call = engine.docker.unpause_container(container.id());
        engine.ask(&format!("resume {}", self.name), call).await?;
        self.lock().paused = false;
        Ok(())
    }

    /// Inspects the container; none before it was made.
    pub(super) async fn look(&self) -> Option<ContainerState> {
        let container = self.lock().container.clone()?;
        self.inspect(container.id()).await.ok()
    }

    async fn inspect(&self, id: &str) -> Result<ContainerState, EngineError> {
        let engine = &self.common.engine;
        let what = format!("look at {}", self.name);
        let state =
            engine.ask(&what, engine.docker.inspect_container(id, None)).await?.state.unwrap_or_default();
        Ok(ContainerState {
            pid: state.pid.and_then(|pid| u32::try_from(pid).ok()).unwrap_or(0),
            running: state.running.unwrap_or(false),
            paused: state.paused.unwrap_or(false),
            exit_code: state.exit_code.unwrap_or(0),
            health: state.health.and_then(|health| health.status).map(|status| status.to_string()),
        })
    }

    /// Counts the processes of the container; one where the engine can't tell.
    pub(super) async fn count(&self) -> usize {
        let Some(container) = self.lock().container.clone() else { return 0 };
        let engine = &self.common.engine;
        let top = engine.ask("list processes", engine.docker.top_processes(container.id(), None)).await;
        top.ok().and_then(|top| top.processes).map_or(1, |processes| processes.len())
    }

    /// Ends it, keeps its last words, and removes it with its volumes.
    pub(super) async fn end(&self) {
        let _turn = self.turn.lock().await;
        let container = {
            let mut life = self.lock();
            life.over = Some(NodeState::Down("ended with the stack".to_owned()));
            life.container.take()
        };
        let Some(container) = container else { return };
        // One that has ended already can't be killed; it is removed all the same.
        // As if it were paused: a needless unpause does no harm, a missing one leaves the container alive.
        let _ = self.kill_now(container.id(), true).await;
        self.last_words().await;
        // None while a check still uses it; the sweep removes the container then.
        if let Some(container) = Arc::into_inner(container)
            && let Err(error) = ManuallyDrop::into_inner(container).rm().await
        {
            // What stays is found by the sweep, which says so where it can't be removed.
            tracing::debug!("{}", refused(format!("remove the container of {}", self.name), &error));
        }
    }
}

/// State of a container, as the engine reports it.
pub(super) struct ContainerState {
    pub(super) pid: u32,
    pub(super) running: bool,
    pub(super) paused: bool,
    pub(super) exit_code: i64,
    /// State of the image's health check; none where the image has none.
    pub(super) health: Option<String>,
}

/// Converts an error of testcontainers, with its causes.
fn refused(what: String, error: &TestcontainersError) -> EngineError {
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

/// `name:tag` apart; a colon before a slash is that of a registry's port. Without a tag it is `latest`.
fn name_and_tag(image: &str) -> (&str, &str) {
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (image, "latest"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_split_at_the_tag_only() {
        assert_eq!(name_and_tag("postgres:15"), ("postgres", "15"));
        assert_eq!(name_and_tag("postgres"), ("postgres", "latest"));
        assert_eq!(name_and_tag("host:5000/a/b"), ("host:5000/a/b", "latest"));
        assert_eq!(name_and_tag("host:5000/a/b:1"), ("host:5000/a/b", "1"));
    }
}

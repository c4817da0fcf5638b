//! One node as a container: its state and its start.

use std::collections::BTreeMap;
use std::mem::ManuallyDrop;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use testcontainers::bollard::errors::Error;
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, GenericImage, TestcontainersError};
use tokio::task::JoinHandle;

use super::engine::{ContainerEngine, refused, words};
use super::labels::Labels;
use super::logs;
use crate::doorway::Doorway;
use crate::error::StackError;
use crate::provider::NodeState;
use crate::publish::ReservedPorts;
use crate::server::{Server, ServerPlace};
use crate::topology::Container;

/// Time that the last output of a container may take to reach its log.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Settings that all nodes of a run share.
pub(super) struct EnginePlace {
    pub(super) engine: ContainerEngine,
    pub(super) labels: Labels,
    pub(super) network: String,
    pub(super) doorway: Doorway,
}

/// One node.
pub(super) struct ContainerNode {
    pub(super) at: Arc<EnginePlace>,
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
    pub(super) container: Option<ContainerHandle>,
    /// Counts the starts, so that news of an earlier life is not taken for that of this one.
    number: u64,
    pub(super) pid: u32,
    pub(super) paused: bool,
    pub(super) over: Option<NodeState>,
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
    pub(super) fn live(&self, action: &'static str) -> Result<ContainerHandle, StackError> {
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
        let docker = &self.at.engine.docker;
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

    /// Sees how it ends, and says so unless the lab ended it.
    async fn watch(self: Arc<Self>, id: String, number: u64) {
        let mut ends = std::pin::pin!(self.at.engine.docker.wait_container(&id, None));
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
    pub(super) async fn last_words(&self) -> String {
        let log = self.lock().log.take();
        match log {
            Some(log) => match tokio::time::timeout(LAST_WORDS, log).await {
                Ok(Ok(moment)) => moment,
                _ => String::new(),
            },
            None => String::new(),
        }
    }
}

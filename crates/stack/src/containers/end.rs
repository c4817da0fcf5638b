//! The end of a node's container: killed, stopped, or ended with the stack.

use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use testcontainers::bollard::query_parameters::KillContainerOptionsBuilder;
use tokio::time::Instant;

use super::engine::refused;
use super::node::ContainerNode;
use crate::error::{EngineError, StackError};
use crate::process::Status;
use crate::provider::NodeState;
use crate::stop::StopOutcome;

/// Time that a node has to stop in order.
const GRACE: Duration = Duration::from_secs(20);

/// Time that a container may take to end after SIGKILL.
const DEATH: Duration = Duration::from_secs(20);

impl ContainerNode {
    /// Kills it with SIGKILL; done when it is gone.
    pub(super) async fn kill(&self) -> Result<(), StackError> {
        let _turn = self.turn.lock().await;
        let container = self.live("killed")?;
        let (pid, paused) = self.mark_down("was killed");
        let result = self.kill_now(container.id(), paused).await;
        self.unless_failed(result, container.id(), (pid, paused)).await
    }

    async fn kill_now(&self, id: &str, paused: bool) -> Result<(), EngineError> {
        let engine = &self.at.engine;
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

//! A look at a node's container, by its engine.

use super::node::ContainerNode;
use crate::error::EngineError;

/// State of a container, as the engine reports it.
pub(super) struct ContainerState {
    pub(super) pid: u32,
    pub(super) running: bool,
    pub(super) paused: bool,
    pub(super) exit_code: i64,
    /// State of the image's health check; none where the image has none.
    pub(super) health: Option<String>,
}

impl ContainerNode {
    /// Inspects the container; none before it was made.
    pub(super) async fn look(&self) -> Option<ContainerState> {
        let container = self.lock().container.clone()?;
        self.inspect(container.id()).await.ok()
    }

    pub(super) async fn inspect(&self, id: &str) -> Result<ContainerState, EngineError> {
        let engine = &self.at.engine;
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
        let engine = &self.at.engine;
        let top = engine.ask("list processes", engine.docker.top_processes(container.id(), None)).await;
        top.ok().and_then(|top| top.processes).map_or(1, |processes| processes.len())
    }
}

//! The pause of a node's container.

use super::node::ContainerNode;
use crate::error::{EngineError, StackError};

/// Number of attempts to pause a container.
const FREEZES: u32 = 10;

impl ContainerNode {
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
        let engine = &self.at.engine;
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
        let engine = &self.at.engine;
        let call = engine.docker.unpause_container(container.id());
        engine.ask(&format!("resume {}", self.name), call).await?;
        self.lock().paused = false;
        Ok(())
    }
}

//! Does a fault to a stack, shows that it had its effect, and undoes it. Knows no load.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`kill`], [`stop`], [`pause`] | faults of a node |
//! | [`down`], [`toxics`] | faults of a link |
//! | [`partition`] | nothing passes between groups of nodes |
//! | [`probe`] | whether a link takes connections |
//! | [`journal`] | the undos of what is being done, on disk before it is done |
//! | [`heal`] | undoes what a dead harness left |

pub mod down;
pub mod heal;
pub mod journal;
pub mod kill;
mod partition;
pub mod pause;
mod probe;
pub mod stop;
mod toxics;

pub use journal::{Journal, JournalError};

use self::journal::Undo;
use crate::history::Evidence;
use crate::proxy::ProxyError;
use crate::scenario::{FaultKind, PlannedFault};
use crate::stack::{Stack, StackError, StopOutcome};

/// Why a fault can't be done or undone.
#[derive(Debug, thiserror::Error)]
pub enum FaultError {
    /// The node can't be made to.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The undo can't be written down first.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A schedule that does not say how.
    #[error("the schedule does not say how")]
    Unplanned,
    /// A link that can't be mended.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
}

/// A fault that acts, until it is undone.
#[derive(Debug)]
pub struct Active {
    kind: FaultKind,
    target: String,
    /// Its line in the journal.
    entry: u64,
    /// What its undoing compares with.
    before: Before,
    /// The end of the node, where it was asked to stop.
    stop: Option<StopOutcome>,
}

impl Active {
    /// The end of the node, where the fault asked it to stop.
    #[must_use]
    pub fn stop(&self) -> Option<&StopOutcome> {
        self.stop.as_ref()
    }
}

/// What was so before a fault acted.
#[derive(Debug)]
enum Before {
    Pid(u32),
    Counters(crate::proxy::Snapshot),
    Toxics(toxics::Put),
}

/// Does a fault: its undo goes to the journal first. What is returned with it shows that it had its effect,
/// as far as that can be seen at once.
///
/// # Errors
/// [`FaultError`]; then nothing acts.
pub async fn begin(
    fault: &PlannedFault,
    stack: &Stack,
    journal: &Journal,
) -> Result<(Active, Vec<Evidence>), FaultError> {
    let entry = journal.write(&undo_of(fault, stack)?)?;
    let target = fault.target.as_str();
    let mut stop = None;
    let (before, evidence) = match fault.kind {
        FaultKind::Kill => kill::begin(stack, target).await?,
        FaultKind::Stop => {
            let (before, evidence, ended) = stop::begin(stack, target).await?;
            stop = Some(ended);
            (before, evidence)
        }
        FaultKind::Pause => pause::begin(stack, target).await?,
        FaultKind::Down => down::begin(stack, target).await,
        FaultKind::Partition => with_toxics(partition::begin(stack, fault, entry).await)?,
        FaultKind::Toxic(_) => with_toxics(toxics::begin(stack, fault, entry).await)?,
    };
    Ok((Active { kind: fault.kind, target: target.to_owned(), entry, before, stop }, evidence))
}

/// How a planned fault is undone.
fn undo_of(fault: &PlannedFault, stack: &Stack) -> Result<Undo, StackError> {
    let name = || {
        let node = stack.topology().nodes.get(&fault.target);
        node.map(|node| node.name.clone()).ok_or_else(|| StackError::NoNode(fault.target.clone()))
    };
    Ok(match fault.kind {
        FaultKind::Kill | FaultKind::Stop => Undo::Start { node: name()? },
        FaultKind::Down | FaultKind::Partition | FaultKind::Toxic(_) => {
            Undo::Link { link: fault.target.clone() }
        }
        // The process id of a container is the engine's, and may be that of another process here.
        FaultKind::Pause => match stack.provider().identity(&fault.target) {
            Some(process) => Undo::Resume { node: name()?, process },
            None => Undo::Unpause { node: name()? },
        },
    })
}

/// Undoes a fault. What is returned shows what it did until now and that the effect is gone.
///
/// # Errors
/// [`FaultError`]; then it may still act, and the journal says so.
pub async fn undo(active: Active, stack: &Stack, journal: &Journal) -> Result<Vec<Evidence>, FaultError> {
    let target = active.target.as_str();
    let evidence = match (active.kind, active.before) {
        (_, Before::Toxics(put)) => toxics::undo(stack, target, put).await,
        (_, Before::Counters(before)) => down::undo(stack, target, before).await?,
        (FaultKind::Pause, Before::Pid(pid)) => pause::undo(stack, target, pid).await?,
        (_, Before::Pid(pid)) => kill::start_again(stack, target, pid).await?,
    };
    journal.done(active.entry)?;
    Ok(evidence)
}

/// The toxics of a fault, which a schedule that was made by hand may not say.
fn with_toxics(put: Option<(toxics::Put, Vec<Evidence>)>) -> Result<(Before, Vec<Evidence>), FaultError> {
    let (put, evidence) = put.ok_or(FaultError::Unplanned)?;
    Ok((Before::Toxics(put), evidence))
}

/// The process id of a node, 0 if it has none.
fn pid_of(stack: &Stack, node: &str) -> u32 {
    use crate::stack::NodeState::{Paused, Running};
    match stack.provider().state(node) {
        Running(pid) | Paused(pid) => pid,
        _ => 0,
    }
}

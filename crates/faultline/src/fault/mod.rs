//! Injects a fault into a stack, collects evidence of its effect, and heals it. Knows no load.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`kill`], [`stop`], [`pause`] | faults of a node |
//! | [`down`], `toxics` | faults of a link |
//! | `partition` | nothing passes between groups of nodes |
//! | `error` | faults that can't be injected or healed |
//! | `prior` | the state before a fault, for its evidence |
//! | `probe` | tries whether a link accepts connections |
//! | [`journal`] | how to heal each fault, on disk before it is injected |
//! | [`mod@heal`] | heals what a dead lab left |

pub mod down;
mod error;
pub mod heal;
pub mod journal;
pub mod kill;
mod partition;
pub mod pause;
mod prior;
mod probe;
pub mod stop;
mod toxics;

pub use error::FaultError;
pub use journal::{Journal, JournalError};

use self::journal::HealAction;
use self::prior::PriorState;
use crate::history::Evidence;
use crate::scenario::{FaultKind, PlannedFault};
use crate::stack::{Stack, StackError, StopOutcome};

/// A fault that is active until it is healed.
#[derive(Debug)]
pub struct InjectedFault {
    kind: FaultKind,
    target: String,
    /// Line of the fault in the journal.
    entry: u64,
    /// State before the fault, which healing compares with.
    before: PriorState,
    /// End of the node, where it was asked to stop.
    stop: Option<StopOutcome>,
}

impl InjectedFault {
    /// Returns the end of the node, where the fault asked it to stop.
    #[must_use]
    pub fn stop(&self) -> Option<&StopOutcome> {
        self.stop.as_ref()
    }
}

/// Injects a fault, and returns it with the evidence that can be observed at once.
///
/// # Errors
/// [`FaultError`]; the fault is not active then.
pub async fn inject(
    fault: &PlannedFault,
    stack: &Stack,
    journal: &Journal,
) -> Result<(InjectedFault, Vec<Evidence>), FaultError> {
    // Written and synced first, so that `faultline heal` can heal the fault if the lab is killed from here on.
    let entry = journal.write(&heal_action(fault, stack)?)?;
    let target = fault.target.as_str();
    let mut stop = None;
    // An injection that fails leaves its entry open: a part of it may be done, and healing once
    // too often does no harm.
    let (before, evidence) = match fault.kind {
        FaultKind::Kill => kill::inject(stack, target).await?,
        FaultKind::Stop => {
            let (before, evidence, ended) = stop::inject(stack, target).await?;
            stop = Some(ended);
            (before, evidence)
        }
        FaultKind::Pause => pause::inject(stack, target).await?,
        FaultKind::Down => down::inject(stack, target).await,
        FaultKind::Partition => with_toxics(partition::inject(stack, fault, entry).await)?,
        FaultKind::Toxic(_) => with_toxics(toxics::inject(stack, fault, entry).await)?,
    };
    Ok((InjectedFault { kind: fault.kind, target: target.to_owned(), entry, before, stop }, evidence))
}

/// Decides how to heal a planned fault.
fn heal_action(fault: &PlannedFault, stack: &Stack) -> Result<HealAction, StackError> {
    let name = || {
        let node = stack.topology().nodes.get(&fault.target);
        node.map(|node| node.name.clone()).ok_or_else(|| StackError::NoNode(fault.target.clone()))
    };
    Ok(match fault.kind {
        FaultKind::Kill | FaultKind::Stop => HealAction::Start { node: name()? },
        FaultKind::Down | FaultKind::Partition | FaultKind::Toxic(_) => {
            HealAction::Link { link: fault.target.clone() }
        }
        // The process id of a container is the engine's, and may belong to another process here.
        FaultKind::Pause => match stack.provider().identity(&fault.target) {
            Some(process) => HealAction::Resume { node: name()?, process },
            None => HealAction::Unpause { node: name()? },
        },
    })
}

/// Heals a fault, and returns the evidence of its effect until now and of its end.
///
/// # Errors
/// [`FaultError`]; the fault may still be active then, and stays in the journal.
pub async fn heal(
    fault: InjectedFault,
    stack: &Stack,
    journal: &Journal,
) -> Result<Vec<Evidence>, FaultError> {
    let target = fault.target.as_str();
    // Chosen by the state before, which says what was really injected. Only a pause shares its
    // state with other kinds.
    let evidence = match (fault.kind, fault.before) {
        (_, PriorState::Toxics(installed)) => toxics::heal(stack, target, installed).await,
        (_, PriorState::Counters(before)) => down::heal(stack, target, before).await?,
        (FaultKind::Pause, PriorState::Pid(pid)) => pause::heal(stack, target, pid).await?,
        (_, PriorState::Pid(pid)) => kill::start_again(stack, target, pid).await?,
    };
    // Only after the heal: if it failed, `faultline heal` must try again.
    journal.done(fault.entry)?;
    Ok(evidence)
}

/// Wraps the toxics of a fault, which a handwritten schedule may lack.
fn with_toxics(
    installed: Option<(toxics::InstalledToxics, Vec<Evidence>)>,
) -> Result<(PriorState, Vec<Evidence>), FaultError> {
    let (toxics, evidence) = installed.ok_or(FaultError::Unplanned)?;
    Ok((PriorState::Toxics(toxics), evidence))
}

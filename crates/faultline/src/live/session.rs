//! Manual loads on a system that is up, one after the other, each a run with a history and a verdict of its own; and
//! manual faults between them.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::broadcast::Broadcast;
use crate::report::Report;
use crate::runner::{LoadEnd, ManualFaults, Run, RunError, RunOptions};
use crate::scenario::Schedule;
use crate::stack::Stack;

/// Request of a person to a session.
#[derive(Debug)]
pub enum SessionRequest {
    /// Begin a load.
    Begin(Box<Schedule>, Reply),
    /// End the load, and judge its run.
    Finish(Reply),
}

/// Reply to a request; the error is the reason for a refusal.
pub type Reply = oneshot::Sender<Result<(), String>>;

/// Manual loads on a system that is up.
pub struct LoadSession {
    /// System that is up.
    pub stack: Arc<Stack>,
    /// Options that all runs share; the schedule is replaced.
    pub options: RunOptions,
    /// Broadcast to the viewers.
    pub broadcast: Broadcast,
    /// Handle for manual faults between runs.
    pub idle: ManualFaults,
    /// Token that ends the session.
    pub cancel: CancellationToken,
    /// Receives each verdict, as a line.
    pub note: fn(&str),
}

impl LoadSession {
    /// Serves requests until it is cancelled; then ends the run that goes on, and heals the faults between runs.
    pub async fn serve(self, mut requests: mpsc::Receiver<SessionRequest>) {
        self.broadcast.set_manual_faults(self.idle.clone());
        let mut running: Option<Run> = None;
        while !self.cancel.is_cancelled() || running.is_some() {
            tokio::select! {
                Some(request) = requests.recv() => self.answer(request, &mut running).await,
                result = over(&mut running) => {
                    running = None;
                    self.end_run(result);
                }
                // A cancelled run still ends and is judged, so the loop waits for it.
                () = self.cancel.cancelled(), if running.is_none() => {}
            }
        }
        self.idle.finish().await;
    }

    async fn answer(&self, request: SessionRequest, running: &mut Option<Run>) {
        let (answer, reply) = match request {
            SessionRequest::Begin(schedule, reply) => (self.begin(*schedule, running).await, reply),
            SessionRequest::Finish(reply) => {
                let ended = running.as_ref().map(Run::end);
                (ended.ok_or_else(|| "no run is active".to_owned()), reply)
            }
        };
        // The client may be gone.
        let _ = reply.send(answer);
    }

    async fn begin(&self, schedule: Schedule, running: &mut Option<Run>) -> Result<(), String> {
        if running.is_some() {
            return Err("a run is active; end it first".to_owned());
        }
        // Replaced before the checks: a fault in the first moments of a run is refused, since one of the idle handle's
        // would be missing in the history.
        self.broadcast.set_manual_faults(ManualFaults::before_run(&self.stack));
        if let Err(reason) = self.check_is_ready().await {
            self.broadcast.set_manual_faults(self.idle.clone());
            return Err(reason);
        }
        let options = RunOptions { schedule, load_end: LoadEnd::Manual, ..self.options.clone() };
        let (listener, cancel) = (Box::new(self.broadcast.clone()), self.cancel.clone());
        let run = Run::begin_on(Arc::clone(&self.stack), options, listener, cancel);
        self.broadcast.set_manual_faults(run.faults());
        *running = Some(run);
        Ok(())
    }

    /// Checks that a run can begin: every node is ready, and no fault is active.
    async fn check_is_ready(&self) -> Result<(), String> {
        // The watch of a run takes every node for ready at the beginning.
        for node in self.stack.topology().nodes.keys() {
            self.stack.ready(node).await.map_err(|waits| format!("{node} is not ready: {waits}"))?;
        }
        match self.idle.active().first() {
            Some(fault) => Err(format!("{fault} is still active; heal it first")),
            None => Ok(()),
        }
    }

    /// Reports the result of a run, and returns to the time between runs.
    fn end_run(&self, result: Result<Report, RunError>) {
        match result {
            Ok(report) => {
                (self.note)(&format!("{}: {}: {}", report.folder, report.verdict, report.why));
                self.broadcast.add_verdict(&report);
            }
            Err(error) => {
                (self.note)(&format!("faultline: no verdict: {error}"));
                self.broadcast.end_without_verdict(&format!("no verdict: {error}"));
            }
        }
        self.broadcast.set_manual_faults(self.idle.clone());
    }
}

/// Waits until the run is over; for ever without one.
async fn over(running: &mut Option<Run>) -> Result<Report, RunError> {
    match running {
        Some(run) => run.report().await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::BetweenRuns;
    use crate::runner::run::one_kill::{fault, schedule};
    use crate::runner::{ManualFaultError, RunFolder};
    use crate::scenario::manual;
    use crate::stack::{Choice, StackBuilder, Topology};

    /// Starts a system without nodes.
    async fn stack(folder: &RunFolder) -> Arc<Stack> {
        let builder = StackBuilder::new(Topology::default()).choice(Choice::Processes);
        Arc::new(builder.build(folder.run(), folder.path()).await.unwrap())
    }

    #[tokio::test]
    async fn a_fault_in_the_first_moments_of_a_run_does_not_go_past_its_history() {
        let runs = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(runs.path(), "up", "up").unwrap();
        let (stack, cancel) = (stack(&folder).await, CancellationToken::new());
        let broadcast = Broadcast::default();
        let listener = Box::new(BetweenRuns(broadcast.clone()));
        let rest = manual::rest("by-hand").unwrap();
        let (idle, _events) =
            ManualFaults::idle(&stack, folder.path(), listener, rest.clone(), &cancel).unwrap();
        let options = RunOptions::new(Topology::default(), rest, runs.path().to_path_buf());
        let session = LoadSession {
            stack,
            options,
            broadcast: broadcast.clone(),
            idle: idle.clone(),
            cancel: cancel.clone(),
            note: |_| {},
        };
        assert_eq!(broadcast.manual_faults().inject(fault()).await, Err(ManualFaultError::NotStarted));
        broadcast.set_manual_faults(idle.clone());
        let mut running = None;
        session.begin(schedule(), &mut running).await.unwrap();
        // The run has not been polled yet, so nothing has attached it to its handle.
        assert_eq!(broadcast.manual_faults().inject(fault()).await, Err(ManualFaultError::NotStarted));
        assert!(idle.active().is_empty());
        // Without a path called ping the run has no verdict; faults go to the idle system again.
        let result = over(&mut running).await;
        assert!(result.as_ref().is_err_and(|error| error.to_string().contains("\"ping\"")), "{result:?}");
        session.end_run(result);
        assert_eq!(broadcast.manual_faults().inject(fault()).await, Ok(0));
        cancel.cancel();
        idle.finish().await;
    }
}

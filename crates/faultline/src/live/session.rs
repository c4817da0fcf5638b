//! Loads by hand on a system that is up, one after the other, each a run with a history and a verdict of its own; and
//! faults between them.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::board::Board;
use crate::report::Report;
use crate::runner::{self, Hands, Options, RunError};
use crate::scenario::Schedule;
use crate::stack::Stack;

/// Something that a person wants of a session.
#[derive(Debug)]
pub enum Wanted {
    /// A load, which begins now.
    Begin(Box<Schedule>, Reply),
    /// The load ends, and what came of it is judged.
    Finish(Reply),
}

/// Why it is not done, if it is not.
pub type Reply = oneshot::Sender<Result<(), String>>;

/// Loads by hand on a system that is up.
pub struct Session {
    /// The system.
    pub stack: Arc<Stack>,
    /// How it runs, in words.
    pub provider: String,
    /// What every run has in common; its schedule is replaced.
    pub options: Options,
    /// Who is told.
    pub board: Board,
    /// Does faults while no run goes on.
    pub idle: Hands,
    /// Ends everything.
    pub cancel: CancellationToken,
    /// Receives each verdict, as a line.
    pub note: fn(&str),
}

struct Running {
    finish: CancellationToken,
    report: JoinHandle<Result<Report, RunError>>,
}

impl Session {
    /// Does what is wanted until it is cancelled; then the run that goes on is ended, and faults between runs are healed.
    pub async fn serve(self, mut wanted: mpsc::Receiver<Wanted>) {
        self.board.give(self.idle.clone());
        let mut running: Option<Running> = None;
        while !self.cancel.is_cancelled() || running.is_some() {
            tokio::select! {
                Some(wanted) = wanted.recv() => self.answer(wanted, &mut running).await,
                judged = over(&mut running) => {
                    running = None;
                    self.tell(judged);
                }
                () = self.cancel.cancelled(), if running.is_none() => {}
            }
        }
        self.idle.finish().await;
    }

    async fn answer(&self, wanted: Wanted, running: &mut Option<Running>) {
        let (answer, reply) = match wanted {
            Wanted::Begin(schedule, reply) => (self.begin(*schedule, running).await, reply),
            Wanted::Finish(reply) => {
                let going = running.as_ref().map(|running| running.finish.cancel());
                (going.ok_or_else(|| "no run goes on".to_owned()), reply)
            }
        };
        // Whoever asked may be gone.
        let _ = reply.send(answer);
    }

    async fn begin(&self, schedule: Schedule, running: &mut Option<Running>) -> Result<(), String> {
        if running.is_some() {
            return Err("a run goes on: end it first".to_owned());
        }
        if let Some(what) = self.idle.acting().first() {
            return Err(format!("{what} acts still: heal it first, so that the run knows how it begins"));
        }
        for node in self.stack.topology().nodes.keys() {
            self.stack.ready(node).await.map_err(|waits| format!("{node} is not ready: {waits}"))?;
        }
        let finish = CancellationToken::new();
        let options = Options { schedule, finish: Some(finish.clone()), ..self.options.clone() };
        let (stack, provider, board) = (Arc::clone(&self.stack), self.provider.clone(), self.board.clone());
        let cancel = self.cancel.child_token();
        let run = async move { runner::run_on(&stack, &provider, options, Box::new(board), cancel).await };
        *running = Some(Running { finish, report: tokio::spawn(run) });
        Ok(())
    }

    fn tell(&self, judged: Result<Report, String>) {
        match judged {
            Ok(report) => {
                (self.note)(&format!("{}: {}: {}", report.folder, report.verdict, report.why));
                self.board.judged(&report);
            }
            Err(error) => {
                (self.note)(&format!("faultline: no verdict: {error}"));
                self.board.failed(&format!("no verdict: {error}"));
            }
        }
        self.board.give(self.idle.clone());
    }
}

/// Waits until the run is over; for ever without one.
async fn over(running: &mut Option<Running>) -> Result<Report, String> {
    match running {
        Some(running) => match (&mut running.report).await {
            Ok(report) => report.map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        },
        None => std::future::pending().await,
    }
}

//! Work that waits for a worker: the worker takes it or its caller withdraws it, never both.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::deadline::Deadline;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ClaimStage {
    Waiting,
    // Silence of the worker counts from this moment: the wait before it was no fault of the worker.
    Taken { at: Instant },
    Withdrawn,
}

// Both ends share one stage, so that "never begun" and "may have been begun" can't be confused: whoever moves it away
// from waiting decides.
#[derive(Debug, Clone)]
struct SharedStage(Arc<Mutex<ClaimStage>>);

/// The worker's end.
#[derive(Debug)]
pub struct Claim<A> {
    stage: SharedStage,
    reply: oneshot::Sender<A>,
}

/// The caller's end. Dropped, it withdraws the work, unless that was taken already.
#[derive(Debug)]
pub struct Ticket<A> {
    stage: SharedStage,
    reply: oneshot::Receiver<A>,
}

/// End of a piece of work, as its caller sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End<A> {
    /// The worker answered.
    Answered(A),
    /// Never begun, and now never to be.
    Withdrawn,
    /// Begun, and no answer came in time.
    Unanswered {
        /// Moment at which the worker took it.
        taken: Instant,
    },
}

/// The two ends of a new piece of work.
#[must_use]
pub fn pair<A>() -> (Claim<A>, Ticket<A>) {
    let (sender, receiver) = oneshot::channel();
    let stage = SharedStage(Arc::new(Mutex::new(ClaimStage::Waiting)));
    (Claim { stage: stage.clone(), reply: sender }, Ticket { stage, reply: receiver })
}

impl SharedStage {
    fn lock(&self) -> MutexGuard<'_, ClaimStage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Withdraws the work if it still waits; else the moment at which it was taken, if it was.
    fn withdraw(&self) -> Option<Instant> {
        let mut stage = self.lock();
        match *stage {
            ClaimStage::Taken { at } => Some(at),
            // Withdrawn twice is withdrawn: `end` does it, and so does the drop of the ticket that follows.
            ClaimStage::Waiting | ClaimStage::Withdrawn => {
                *stage = ClaimStage::Withdrawn;
                None
            }
        }
    }
}

impl<A> Claim<A> {
    /// Takes the work; false when nobody waits for it any more.
    #[must_use]
    pub fn take(&self) -> bool {
        let mut stage = self.stage.lock();
        // A caller may also have left after the work was taken and given back.
        if *stage != ClaimStage::Waiting || self.reply.is_closed() {
            return false;
        }
        *stage = ClaimStage::Taken { at: Instant::now() };
        true
    }

    /// Gives the work back: it was surely not begun after all.
    pub fn give_back(&self) {
        // Also if the caller has left meanwhile: the next `take` finds that the reply is closed.
        *self.stage.lock() = ClaimStage::Waiting;
    }

    /// Reports whether its caller has left.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    /// Answers the caller, who may have left.
    pub fn answer(self, answer: A) {
        let _ = self.reply.send(answer);
    }

    /// Answers the caller of work that will not be begun; says nothing where it was taken.
    pub fn refuse(self, answer: A) {
        let mut stage = self.stage.lock();
        if *stage == ClaimStage::Waiting {
            *stage = ClaimStage::Withdrawn;
            // Before the lock is free: a caller who finds the work withdrawn finds the answer too.
            let _ = self.reply.send(answer);
        }
    }
}

impl<A> Ticket<A> {
    /// Waits for the answer until the deadline.
    pub async fn end(mut self, deadline: Deadline) -> End<A> {
        // A worker that drops its claim ends the wait early; the stage says what is true then as well.
        if let Ok(Ok(answer)) = deadline.bound(&mut self.reply).await {
            return End::Answered(answer);
        }
        let taken = self.stage.withdraw();
        // It may have come at this very moment.
        match (self.reply.try_recv(), taken) {
            (Ok(answer), _) => End::Answered(answer),
            (Err(_), Some(taken)) => End::Unanswered { taken },
            (Err(_), None) => End::Withdrawn,
        }
    }
}

impl<A> Drop for Ticket<A> {
    fn drop(&mut self) {
        self.stage.withdraw();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon() -> Deadline {
        Deadline::after(Duration::from_millis(1))
    }

    #[tokio::test(start_paused = true)]
    async fn at_the_deadline_only_work_that_was_never_taken_is_withdrawn() {
        let (_waiting, ticket) = pair::<()>();
        assert_eq!(ticket.end(soon()).await, End::Withdrawn);

        let (claim, ticket) = pair::<()>();
        let taken = Instant::now();
        assert!(claim.take());
        assert_eq!(ticket.end(soon()).await, End::Unanswered { taken });
    }

    #[tokio::test(start_paused = true)]
    async fn work_whose_caller_left_is_not_taken() {
        let (claim, ticket) = pair::<()>();
        drop(ticket);
        assert!(!claim.take() && claim.is_abandoned());

        let (claim, ticket) = pair::<()>();
        assert!(claim.take());
        drop(ticket);
        claim.give_back();
        assert!(!claim.take(), "given back when nobody waited any more");
    }

    #[tokio::test(start_paused = true)]
    async fn taken_work_is_not_refused() {
        let (claim, ticket) = pair();
        assert!(claim.take());
        claim.refuse("full");
        assert!(matches!(ticket.end(soon()).await, End::Unanswered { .. }));
    }

    #[tokio::test(start_paused = true)]
    async fn answers_arrive_and_a_worker_that_is_gone_is_not_waited_for() {
        let (claim, ticket) = pair();
        claim.refuse("full");
        assert_eq!(ticket.end(soon()).await, End::Answered("full"));

        let (claim, ticket) = pair();
        assert!(claim.take());
        claim.answer("done");
        assert_eq!(ticket.end(Deadline::after(Duration::ZERO)).await, End::Answered("done"));

        let (claim, ticket) = pair::<()>();
        drop(claim);
        let begun = Instant::now();
        assert_eq!(ticket.end(Deadline::after(Duration::from_secs(60))).await, End::Withdrawn);
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }
}

//! bcrypt on threads of its own, with a bounded queue: what can't be checked before its deadline is refused
//! at once, so that the latency of what is served stays flat under overload.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chassis::deadline::Deadline;
use tokio::sync::oneshot;

use crate::queue::{Declined, Queue};

/// bcrypt looks at 72 bytes of a password and no more.
const LONGEST: usize = 72;

/// Threads that check passwords; dropping it ends them.
#[derive(Debug)]
pub(crate) struct Checkers {
    shared: Arc<Shared>,
    threads: usize,
}

#[derive(Debug)]
struct Shared {
    queue: Queue<Job>,
    cost: u32,
    /// A hash that no password matches: what an unknown user's password is checked against.
    decoy: String,
    /// How long a check takes, in nanoseconds: a moving average.
    average: AtomicU64,
}

#[derive(Debug)]
struct Job {
    password: String,
    /// `None`: there is no such user, and nobody may notice.
    hash: Option<String>,
    deadline: Deadline,
    answer: oneshot::Sender<Verdict>,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The password is the user's.
    Right {
        /// Its hash at the cost that is set now, where the stored one has another.
        renewed: Option<String>,
    },
    /// It is not, or there is no such user.
    Wrong,
}

/// The password was not checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are waiting to be checked; try again in {} s", retry_after.as_secs() + 1)]
pub(crate) struct Busy {
    /// When a check would probably be possible.
    pub(crate) retry_after: Duration,
}

/// The threads can't be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The operating system refused a thread.
    #[error("a thread for bcrypt can't be started: {0}")]
    Thread(#[from] std::io::Error),
    /// bcrypt refused to hash.
    #[error("bcrypt can't be used: {0}")]
    Bcrypt(#[from] bcrypt::BcryptError),
}

impl Checkers {
    /// Starts `threads` threads with a queue of `capacity`. Takes the time of one hash at `cost`.
    pub(crate) fn start(threads: usize, capacity: usize, cost: u32) -> Result<Self, StartError> {
        let begun = Instant::now();
        let decoy = bcrypt::hash("no password matches this, see below", cost)?;
        let average = AtomicU64::new(nanoseconds(begun.elapsed()));
        let shared = Arc::new(Shared { queue: Queue::new(capacity), cost, decoy, average });
        let checkers = Self { shared, threads };
        for number in 0..threads {
            let shared = Arc::clone(&checkers.shared);
            std::thread::Builder::new().name(format!("bcrypt-{number}")).spawn(move || shared.work())?;
        }
        Ok(checkers)
    }

    /// Checks a password against a hash, or against none, in the same time.
    ///
    /// # Errors
    /// [`Busy`] at once when it could not be done before the deadline.
    pub(crate) async fn check(
        &self,
        password: String,
        hash: Option<String>,
        deadline: Deadline,
    ) -> Result<Verdict, Busy> {
        let (answer, verdict) = oneshot::channel();
        let job = Job { password, hash, deadline, answer };
        let in_time = |ahead| self.time_behind(ahead) <= deadline.remaining();
        let put = self.shared.queue.put(job, Job::is_wanted, self.threads, in_time);
        put.map_err(|declined| self.busy(declined))?;
        // Dropped unanswered: its deadline passed in the queue.
        let late = || Busy { retry_after: self.time_behind(self.shared.queue.waiting()) };
        deadline.bound(verdict).await.map_err(|_| late())?.map_err(|_| late())
    }

    /// Whether a check could be done before the deadline, as far as can be told now.
    ///
    /// # Errors
    /// [`Busy`] when it could not.
    pub(crate) fn room(&self, deadline: Deadline) -> Result<(), Busy> {
        let in_time = |ahead| self.time_behind(ahead) <= deadline.remaining();
        let room = self.shared.queue.room(Job::is_wanted, self.threads, in_time);
        room.map_err(|declined| self.busy(declined))
    }

    fn busy(&self, Declined { ahead }: Declined) -> Busy {
        Busy { retry_after: self.time_behind(ahead) }
    }

    /// Passwords that wait now.
    pub(crate) fn waiting(&self) -> usize {
        self.shared.queue.waiting()
    }

    /// The time until a job behind `ahead` others is done.
    fn time_behind(&self, ahead: usize) -> Duration {
        let rounds = u32::try_from(ahead / self.threads + 1).unwrap_or(u32::MAX);
        Duration::from_nanos(self.shared.average.load(Ordering::Relaxed)).saturating_mul(rounds)
    }
}

impl Job {
    /// Whether somebody still waits for its answer.
    fn is_wanted(&self) -> bool {
        !self.answer.is_closed()
    }
}

impl Drop for Checkers {
    fn drop(&mut self) {
        self.shared.queue.close();
    }
}

impl Shared {
    fn work(&self) {
        while let Some(job) = self.queue.take() {
            let late = job.deadline.remaining().is_zero();
            if !late && job.is_wanted() {
                let verdict = self.verdict(&job);
                // The caller may have gone meanwhile.
                let _ = job.answer.send(verdict);
            }
            self.queue.done();
        }
    }

    fn verdict(&self, job: &Job) -> Verdict {
        let begun = Instant::now();
        let (hash, known) = match &job.hash {
            Some(hash) if can_match(&job.password) => (hash, true),
            _ => (&self.decoy, false),
        };
        let matches = bcrypt::verify(&job.password, hash).unwrap_or_else(|error| {
            tracing::error!("a stored password is no bcrypt hash, so nothing matches it: {error}");
            // The time that it would have taken.
            let _ = bcrypt::verify(&job.password, &self.decoy);
            false
        });
        self.learn(begun.elapsed());
        if matches && known { Verdict::Right { renewed: self.renew(job) } } else { Verdict::Wrong }
    }

    fn renew(&self, job: &Job) -> Option<String> {
        let stored: bcrypt::HashParts = job.hash.as_deref()?.parse().ok()?;
        if stored.get_cost() == self.cost {
            return None;
        }
        bcrypt::hash(&job.password, self.cost).ok()
    }

    fn learn(&self, time: Duration) {
        let old = self.average.load(Ordering::Relaxed);
        // A check during which the process was paused says nothing of how long the next one takes; a
        // machine that really is slower is learned over a few checks.
        let time = nanoseconds(time).min(old.saturating_mul(2));
        self.average.store(old - old / 8 + time / 8, Ordering::Relaxed);
    }
}

/// Whether a password can be anybody's. bcrypt would cut one that is too long, and reads one with a NUL in it
/// as if it went round (`"a\0a"` like `"a"`): neither may open an account that has a shorter one.
fn can_match(password: &str) -> bool {
    password.len() <= LONGEST && !password.contains('\0')
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COST: u32 = 4;

    fn later() -> Deadline {
        Deadline::after(Duration::from_secs(60))
    }

    async fn check(password: &str, hash: Option<&str>) -> Verdict {
        let checkers = Checkers::start(1, 8, COST).unwrap();
        checkers.check(password.to_owned(), hash.map(str::to_owned), later()).await.unwrap()
    }

    #[tokio::test]
    async fn right_and_wrong_are_told_apart() {
        let hash = bcrypt::hash("sesame", COST).unwrap();
        assert_eq!(check("sesame", Some(&hash)).await, Verdict::Right { renewed: None });
        assert_eq!(check("Sesame", Some(&hash)).await, Verdict::Wrong);
        assert_eq!(check("sesame", None).await, Verdict::Wrong);
        assert_eq!(check("sesame", Some("no hash")).await, Verdict::Wrong);
    }

    #[tokio::test]
    async fn nobody_has_the_decoys_password() {
        assert_eq!(check("no password matches this, see below", None).await, Verdict::Wrong);
    }

    #[tokio::test]
    async fn what_bcrypt_would_cut_or_wrap_matches_nothing() {
        let long = "x".repeat(72);
        let hash = bcrypt::hash(&long, COST).unwrap();
        assert_eq!(check(&long, Some(&hash)).await, Verdict::Right { renewed: None });
        assert_eq!(check(&format!("{long}y"), Some(&hash)).await, Verdict::Wrong);
        let hash = bcrypt::hash("a", COST).unwrap();
        assert!(bcrypt::verify("a\0a", &hash).unwrap(), "the reason for the rule");
        assert_eq!(check("a\0a", Some(&hash)).await, Verdict::Wrong);
    }

    #[tokio::test]
    async fn a_hash_of_another_cost_is_renewed() {
        let hash = bcrypt::hash("sesame", COST + 1).unwrap();
        let Verdict::Right { renewed: Some(renewed) } = check("sesame", Some(&hash)).await else {
            panic!("not renewed")
        };
        assert!(renewed.starts_with("$2b$04$") && bcrypt::verify("sesame", &renewed).unwrap());
    }

    #[tokio::test]
    async fn what_cannot_be_in_time_is_refused_at_once() {
        let checkers = Checkers::start(1, 100, COST).unwrap();
        checkers.shared.average.store(u64::MAX / 2, Ordering::Relaxed);
        let begun = Instant::now();
        assert!(checkers.room(later()).is_err());
        let busy = checkers.check("x".to_owned(), None, later()).await.unwrap_err();
        assert!(busy.retry_after > Duration::from_secs(60) && begun.elapsed() < Duration::from_secs(1));
    }
    #[tokio::test]
    async fn one_check_that_was_paused_does_not_refuse_those_after_it() {
        let checkers = Checkers::start(1, 100, COST).unwrap();
        let before = checkers.shared.average.load(Ordering::Relaxed);
        checkers.shared.learn(Duration::from_secs(10));
        assert!(checkers.shared.average.load(Ordering::Relaxed) <= before + before / 4);
    }
}

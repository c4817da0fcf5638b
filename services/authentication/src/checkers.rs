//! bcrypt, as many checks at once as there are threads for it, with a bounded queue: what can't be checked before its
//! deadline is refused at once, so that the latency of what is served stays flat under overload.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chassis::admission::Admission;
use chassis::deadline::Deadline;

/// bcrypt looks at 72 bytes of a password and no more.
const LONGEST: usize = 72;

/// Checkers of passwords.
#[derive(Debug)]
pub(crate) struct Checkers {
    admission: Admission,
    bcrypt: Arc<Bcrypt>,
    threads: usize,
}

#[derive(Debug)]
struct Bcrypt {
    cost: u32,
    /// A hash that no password matches: what an unknown user's password is checked against.
    decoy: String,
    /// Time of a check in nanoseconds: a moving average.
    average: AtomicU64,
}

/// Verdict of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PasswordVerdict {
    /// The password is the user's.
    Right {
        /// Hash at the cost that is set now, where the stored one has another.
        renewed: Option<String>,
    },
    /// The password is wrong, or there is no such user.
    Wrong,
}

/// The password was not checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are waiting to be checked; try again in {} s", retry_after.as_secs() + 1)]
pub(crate) struct CheckersBusy {
    /// Time until a check is probably possible.
    pub(crate) retry_after: Duration,
}

/// bcrypt refused to hash.
#[derive(Debug, thiserror::Error)]
#[error("bcrypt can't be used: {0}")]
pub struct BcryptFailure(#[from] bcrypt::BcryptError);

impl Checkers {
    /// Checkers that use `threads` threads and let `capacity` passwords wait.
    // Takes the time of one hash at `cost`, which is the first estimate of how long a check takes.
    pub(crate) fn new(threads: usize, capacity: usize, cost: u32) -> Result<Self, BcryptFailure> {
        let begun = Instant::now();
        // Made at the cost that is set: an unknown user's check must take as long as a known one's.
        let decoy = bcrypt::hash("no password matches this, see below", cost)?;
        let average = AtomicU64::new(nanoseconds(begun.elapsed()));
        let bcrypt = Arc::new(Bcrypt { cost, decoy, average });
        Ok(Self { admission: Admission::new(threads, capacity), bcrypt, threads })
    }

    /// Checks a password against a hash, or against none, in the same time.
    ///
    /// # Errors
    /// [`CheckersBusy`] at once when it could not be done before the deadline.
    pub(crate) async fn check(
        &self,
        password: String,
        hash: Option<String>,
        deadline: Deadline,
    ) -> Result<PasswordVerdict, CheckersBusy> {
        self.room(deadline)?;
        let slot = self.admission.enter(deadline).await.map_err(|_| self.busy())?;
        let bcrypt = Arc::clone(&self.bcrypt);
        // Not on a thread of the runtime: a check takes a whole core for tens of milliseconds, during which that thread
        // would serve nobody. The slot stays with it to its end, though its caller may be gone by then.
        let check = tokio::task::spawn_blocking(move || {
            let verdict = bcrypt.verdict(&password, hash.as_deref());
            drop(slot);
            verdict
        });
        // A check that panicked has judged nobody, and may be tried again.
        deadline.bound(check).await.map_err(|_| self.busy())?.map_err(|_| self.busy())
    }

    /// Checks that a check could be done before the deadline, as far as can be told now.
    ///
    /// # Errors
    /// [`CheckersBusy`] when it could not.
    pub(crate) fn room(&self, deadline: Deadline) -> Result<(), CheckersBusy> {
        let busy = self.busy();
        if busy.retry_after > deadline.remaining() { Err(busy) } else { Ok(()) }
    }

    fn busy(&self) -> CheckersBusy {
        CheckersBusy { retry_after: self.time_behind(self.admission.ahead()) }
    }

    /// Passwords that wait now.
    pub(crate) fn waiting(&self) -> usize {
        self.admission.waiting()
    }

    /// Time until a check behind `ahead` others is done.
    fn time_behind(&self, ahead: usize) -> Duration {
        let rounds = u32::try_from(ahead / self.threads + 1).unwrap_or(u32::MAX);
        Duration::from_nanos(self.bcrypt.average.load(Ordering::Relaxed)).saturating_mul(rounds)
    }
}

impl Bcrypt {
    fn verdict(&self, password: &str, stored: Option<&str>) -> PasswordVerdict {
        let begun = Instant::now();
        let (hash, known) = match stored {
            Some(hash) if can_match(password) => (hash, true),
            // There is no such user, and nobody may notice.
            _ => (self.decoy.as_str(), false),
        };
        let matches = bcrypt::verify(password, hash).unwrap_or_else(|error| {
            tracing::error!("a stored password is no bcrypt hash, so nothing matches it: {error}");
            // The time that it would have taken.
            let _ = bcrypt::verify(password, &self.decoy);
            false
        });
        // Before a renewal, which hashes a second time: the average is that of one check.
        self.learn(begun.elapsed());
        // A match alone opens nothing: somebody may know the text of the decoy.
        if matches && known {
            PasswordVerdict::Right { renewed: self.renew(password, hash) }
        } else {
            PasswordVerdict::Wrong
        }
    }

    fn renew(&self, password: &str, stored: &str) -> Option<String> {
        let parts: bcrypt::HashParts = stored.parse().ok()?;
        if parts.get_cost() == self.cost {
            return None;
        }
        bcrypt::hash(password, self.cost).ok()
    }

    fn learn(&self, time: Duration) {
        // Load and store are two steps: of two checks that end together, one may be lost to the average.
        let old = self.average.load(Ordering::Relaxed);
        // A check during which the process was paused says nothing of how long the next one takes; a
        // machine that really is slower is learned over a few checks.
        let time = nanoseconds(time).min(old.saturating_mul(2));
        self.average.store(old - old / 8 + time / 8, Ordering::Relaxed);
    }
}

/// Reports whether a password can be anybody's.
// bcrypt would cut one that is too long, and reads one with a NUL in it as if it went round (`"a\0a"` like
// `"a"`): neither may open an account that has a shorter one.
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

    async fn check(password: &str, hash: Option<&str>) -> PasswordVerdict {
        let checkers = Checkers::new(1, 8, COST).unwrap();
        checkers.check(password.to_owned(), hash.map(str::to_owned), later()).await.unwrap()
    }

    #[tokio::test]
    async fn right_and_wrong_are_told_apart() {
        let hash = bcrypt::hash("sesame", COST).unwrap();
        assert_eq!(check("sesame", Some(&hash)).await, PasswordVerdict::Right { renewed: None });
        assert_eq!(check("Sesame", Some(&hash)).await, PasswordVerdict::Wrong);
        assert_eq!(check("sesame", None).await, PasswordVerdict::Wrong);
        assert_eq!(check("sesame", Some("no hash")).await, PasswordVerdict::Wrong);
    }

    #[tokio::test]
    async fn nobody_has_the_decoys_password() {
        assert_eq!(check("no password matches this, see below", None).await, PasswordVerdict::Wrong);
    }

    #[tokio::test]
    async fn what_bcrypt_would_cut_or_wrap_matches_nothing() {
        let long = "x".repeat(72);
        let hash = bcrypt::hash(&long, COST).unwrap();
        assert_eq!(check(&long, Some(&hash)).await, PasswordVerdict::Right { renewed: None });
        assert_eq!(check(&format!("{long}y"), Some(&hash)).await, PasswordVerdict::Wrong);
        let hash = bcrypt::hash("a", COST).unwrap();
        assert!(bcrypt::verify("a\0a", &hash).unwrap(), "the reason for the rule");
        assert_eq!(check("a\0a", Some(&hash)).await, PasswordVerdict::Wrong);
    }

    #[tokio::test]
    async fn a_hash_of_another_cost_is_renewed() {
        let hash = bcrypt::hash("sesame", COST + 1).unwrap();
        let PasswordVerdict::Right { renewed: Some(renewed) } = check("sesame", Some(&hash)).await else {
            panic!("not renewed")
        };
        assert!(renewed.starts_with("$2b$04$") && bcrypt::verify("sesame", &renewed).unwrap());
    }

    #[tokio::test]
    async fn what_cannot_be_in_time_is_refused_at_once() {
        let checkers = Checkers::new(1, 100, COST).unwrap();
        checkers.bcrypt.average.store(u64::MAX / 2, Ordering::Relaxed);
        let begun = Instant::now();
        assert!(checkers.room(later()).is_err());
        let busy = checkers.check("x".to_owned(), None, later()).await.unwrap_err();
        assert!(busy.retry_after > Duration::from_secs(60) && begun.elapsed() < Duration::from_secs(1));
    }

    #[tokio::test]
    async fn more_than_may_wait_are_refused_and_the_others_are_checked() {
        let checkers = Checkers::new(1, 2, COST).unwrap();
        // The only thread is taken until all have asked, however slow the machine: none is done in between.
        let taken = checkers.admission.enter(later()).await.unwrap();
        let checks =
            futures::future::join_all((0..10).map(|_| checkers.check("x".to_owned(), None, later())));
        let (verdicts, ()) = futures::future::join(checks, async { drop(taken) }).await;
        assert_eq!(verdicts.iter().filter(|verdict| verdict.is_ok()).count(), 2);
        assert_eq!((checkers.waiting(), checkers.admission.ahead()), (0, 0));
    }

    #[tokio::test]
    async fn one_check_that_was_paused_does_not_refuse_those_after_it() {
        let checkers = Checkers::new(1, 100, COST).unwrap();
        let before = checkers.bcrypt.average.load(Ordering::Relaxed);
        checkers.bcrypt.learn(Duration::from_secs(10));
        assert!(checkers.bcrypt.average.load(Ordering::Relaxed) <= before + before / 4);
    }
}

//! Repeated failures of one account: after some within a window it is refused until the window ends. Known
//! and unknown accounts are treated alike, so nothing is told about which exist.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The failures of every account that has any; bounded.
#[derive(Debug)]
pub(crate) struct Throttle {
    failures: u32,
    window: Duration,
    accounts: usize,
    log: Mutex<FailureLog>,
}

#[derive(Debug, Default)]
struct FailureLog {
    by_account: HashMap<String, Failures>,
    /// Accounts by the beginning of their windows, so that the oldest is found at once.
    // An entry whose beginning is not the account's any more is stale.
    by_age: VecDeque<(Instant, String)>,
}

#[derive(Debug, Clone, Copy)]
struct Failures {
    count: u32,
    since: Instant,
}

/// The account is refused, whatever the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many failed attempts for this account; try again in {} s", retry_after.as_secs() + 1)]
pub(crate) struct ThrottleRefusal {
    /// The end of the window.
    pub(crate) retry_after: Duration,
}

impl Throttle {
    /// Refuses an account after `failures` within `window`; remembers at most `accounts`.
    // With 0 failures it never refuses.
    pub(crate) fn new(failures: u32, window: Duration, accounts: usize) -> Self {
        Self { failures, window, accounts, log: Mutex::default() }
    }

    /// Asks whether an account may try.
    pub(crate) fn check(&self, email: &str) -> Result<(), ThrottleRefusal> {
        self.check_at(email, Instant::now())
    }

    /// Settles an attempt whose password was checked: a failure is remembered, a success forgets the failures before it.
    ///
    /// Refuses the attempt if the account had too many failures meanwhile, whatever the password.
    // Attempts that are checked at the same time have all passed `check`: without this, as many more guesses as
    // passwords can be checked and can wait would be answered.
    pub(crate) fn settle(&self, email: &str, right: bool) -> Result<(), ThrottleRefusal> {
        self.settle_at(email, right, Instant::now())
    }

    fn check_at(&self, email: &str, now: Instant) -> Result<(), ThrottleRefusal> {
        self.may_try(&self.lock(), &account(email), now)
    }

    fn settle_at(&self, email: &str, right: bool, now: Instant) -> Result<(), ThrottleRefusal> {
        let account = account(email);
        // One lock for question and count: of two attempts at the last place, only one may have it.
        let mut log = self.lock();
        self.may_try(&log, &account, now)?;
        if right {
            log.by_account.remove(&account);
        } else {
            self.count(&mut log, account, now);
        }
        Ok(())
    }

    fn may_try(&self, log: &FailureLog, account: &str, now: Instant) -> Result<(), ThrottleRefusal> {
        match log.by_account.get(account) {
            Some(failures) if failures.count >= self.failures && self.failures > 0 => {
                match self.window.checked_sub(now.duration_since(failures.since)) {
                    Some(retry_after) => Err(ThrottleRefusal { retry_after }),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn count(&self, log: &mut FailureLog, account: String, now: Instant) {
        log.forget_ended(now, self.window);
        if let Some(failures) = log.by_account.get_mut(&account) {
            failures.count = failures.count.saturating_add(1);
            return;
        }
        // Stale ages are bounded as well: an account that fails and succeeds in turn leaves many.
        while log.by_account.len() >= self.accounts || log.by_age.len() >= 2 * self.accounts {
            log.forget_oldest();
        }
        log.by_age.push_back((now, account.clone()));
        log.by_account.insert(account, Failures { count: 1, since: now });
    }

    fn lock(&self) -> MutexGuard<'_, FailureLog> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FailureLog {
    fn forget_ended(&mut self, now: Instant, window: Duration) {
        while self.by_age.front().is_some_and(|(since, _)| now.duration_since(*since) > window) {
            self.forget_oldest();
        }
    }

    /// Forgets the account with the oldest window; stale entries before it go as well.
    fn forget_oldest(&mut self) {
        while let Some((since, account)) = self.by_age.pop_front() {
            if self.by_account.get(&account).is_some_and(|failures| failures.since == since) {
                self.by_account.remove(&account);
                return;
            }
        }
    }
}

/// Addresses are compared without case.
fn account(email: &str) -> String {
    // As the table compares them: else each spelling of an address would have failures of its own.
    email.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(60);

    #[test]
    fn an_account_is_refused_until_its_window_ends() {
        let (throttle, now) = (Throttle::new(2, WINDOW, 10), Instant::now());
        throttle.settle_at("A@b", false, now).unwrap();
        assert_eq!(throttle.check_at("a@b", now), Ok(()));
        throttle.settle_at("a@B", false, now + WINDOW / 2).unwrap();
        let later = now + WINDOW / 2;
        assert_eq!(throttle.check_at("a@b", later), Err(ThrottleRefusal { retry_after: WINDOW / 2 }));
        assert_eq!(throttle.check_at("other@b", later), Ok(()));
        let after = now + WINDOW + Duration::from_millis(1);
        assert_eq!(throttle.check_at("a@b", after), Ok(()));
        throttle.settle_at("a@b", false, after).unwrap();
        assert_eq!(throttle.check_at("a@b", after), Ok(()), "a new window has begun");
    }

    #[test]
    fn a_success_forgets() {
        let (throttle, now) = (Throttle::new(2, WINDOW, 10), Instant::now());
        throttle.settle_at("a@b", false, now).unwrap();
        throttle.settle_at("A@b", true, now).unwrap();
        throttle.settle_at("a@b", false, now).unwrap();
        assert_eq!(throttle.check_at("a@b", now), Ok(()));
    }

    #[test]
    fn attempts_at_the_same_time_get_no_more_answers_than_one_after_the_other() {
        let (throttle, now) = (Throttle::new(3, WINDOW, 10), Instant::now());
        assert!((0..10).all(|_| throttle.check_at("a@b", now).is_ok()), "none has failed yet");
        let answered = (0..9).filter(|_| throttle.settle_at("a@b", false, now).is_ok());
        assert_eq!(answered.count(), 3);
        let refused = Err(ThrottleRefusal { retry_after: WINDOW });
        assert_eq!(throttle.settle_at("a@b", true, now), refused, "a right guess that came too late");
        assert_eq!(throttle.check_at("a@b", now), refused, "it has forgotten nothing");
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_is_forgotten() {
        let (throttle, now) = (Throttle::new(1, WINDOW, 2), Instant::now());
        for email in ["a@b", "c@d", "e@f"] {
            throttle.settle_at(email, false, now).unwrap();
        }
        assert_eq!(throttle.check_at("a@b", now), Ok(()));
        assert!(throttle.check_at("e@f", now).is_err());
        assert_eq!(throttle.lock().by_account.len(), 2);
    }

    #[test]
    fn stale_ages_do_not_pile_up() {
        let (throttle, now) = (Throttle::new(2, WINDOW, 2), Instant::now());
        for round in 0..100 {
            throttle.settle_at("a@b", false, now + WINDOW * round * 2).unwrap();
            throttle.settle_at("a@b", true, now + WINDOW * round * 2).unwrap();
        }
        assert!(throttle.lock().by_age.len() <= 1);
    }

    #[test]
    fn zero_failures_never_refuse() {
        let throttle = Throttle::new(0, WINDOW, 2);
        throttle.settle("a@b", false).unwrap();
        assert_eq!(throttle.check("a@b"), Ok(()));
    }
}

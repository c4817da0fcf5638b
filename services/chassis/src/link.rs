//! A watched connection to one dependency: up or down, made anew whenever somebody finds it broken.
//!
//! Whoever uses the connection and sees it fail reports that; the keeper then connects again, with attempts
//! that don't wait for one that hangs. Work that hangs on a lost connection can be ended with [`Link::lost`].

use std::fmt::Display;
use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch::{Receiver, Sender, channel};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::attempts::Attempts;
use crate::backoff::Backoff;
use crate::breaker::{Breaker, BreakerState};
use crate::health::Dependency;

/// Time between two looks while all is well.
const CALM: Duration = Duration::from_millis(500);

/// Time between two looks while something is not.
const UNEASY: Duration = Duration::from_millis(250);

/// Time after which a connection that worked is followed by the next one at once.
const STEADY: Duration = Duration::from_secs(2);

/// The connection to a dependency; clones share it. `T` is whatever a working connection is.
#[derive(Debug)]
pub struct Link<T> {
    state: Arc<Sender<LinkState<T>>>,
}

/// State of the dependency.
#[derive(Debug, Clone)]
pub enum LinkState<T> {
    /// Not there, and why.
    Down(String),
    /// There, by this connection.
    Up(Connection<T>),
}

/// A connection that has worked. Clones are the same connection.
#[derive(Debug, Clone)]
pub struct Connection<T> {
    number: u64,
    value: T,
}

// Not derived: that would demand `T: Clone`.
impl<T> Clone for Link<T> {
    fn clone(&self) -> Self {
        Self { state: Arc::clone(&self.state) }
    }
}

impl<T> Default for Link<T> {
    /// Down: nobody has tried yet.
    fn default() -> Self {
        Self { state: Arc::new(channel(LinkState::Down("not tried yet".to_owned())).0) }
    }
}

impl<T> Deref for Connection<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Clone> Link<T> {
    /// Receiver that follows the state.
    #[must_use]
    pub fn watch(&self) -> Receiver<LinkState<T>> {
        self.state.subscribe()
    }

    /// The connection, or why there is none.
    ///
    /// # Errors
    /// The reason, without secrets, as `connect` told it.
    pub fn current(&self) -> Result<Connection<T>, String> {
        match &*self.state.borrow() {
            LinkState::Up(held) => Ok(held.clone()),
            LinkState::Down(reason) => Err(reason.clone()),
        }
    }

    /// Waits until there is a connection.
    pub async fn up(&self) -> Connection<T> {
        let mut state = self.watch();
        loop {
            // The borrow ends with this block: during the wait it would block every change of the state.
            if let LinkState::Up(held) = &*state.borrow_and_update() {
                return held.clone();
            }
            if state.changed().await.is_err() {
                // The sender is ours: it can't be gone while we wait.
                std::future::pending::<()>().await;
            }
        }
    }

    /// `held` failed. Of no consequence when another connection has taken its place.
    pub fn report(&self, held: &Connection<T>, reason: impl Into<String>) {
        self.state.send_if_modified(|state| {
            // Several users may report the same loss, some when the next connection is already in its place.
            let current = is_current(state, held);
            if current {
                *state = LinkState::Down(reason.into());
            }
            current
        });
    }

    /// Ends once `held` is no longer the connection in use.
    pub async fn lost(&self, held: &Connection<T>) {
        let _ = self.watch().wait_for(|state| !is_current(state, held)).await;
    }

    /// Keeps the dependency connected and says so to `dependency`: `connect` makes a connection, `look` looks after it and
    /// ends with a reason when it is broken. Runs for ever; to end it, drop the future.
    pub async fn keep<E, F>(
        &self,
        attempts: Attempts,
        dependency: &Dependency,
        connect: impl FnMut() -> F,
        look: impl AsyncFn(&Connection<T>) -> String,
    ) where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Display + Send + 'static,
    {
        let keeper = Keeper { attempts, dependency, end: CancellationToken::new() };
        let (mut number, look) = (0, &look);
        let session = |value: T| {
            number += 1;
            let held = Connection { number, value };
            async move {
                // The connection first: whoever reads that the dependency is ready must find it. Not by
                // `send`, which changes nothing while nobody is subscribed.
                self.state.send_replace(LinkState::Up(held.clone()));
                dependency.ready();
                tokio::select! {
                    // Both, since a user of the connection may see its loss before a look does.
                    reason = look(&held) => self.report(&held, reason),
                    () = self.lost(&held) => {}
                }
                self.current().err().unwrap_or_default()
            }
        };
        keeper.run(connect, |reason| self.wait(reason), session).await;
    }

    /// Keeps the newest reason for there being no connection.
    fn wait(&self, reason: &str) {
        self.state.send_if_modified(|state| {
            if let LinkState::Down(known) = state {
                reason.clone_into(known);
            }
            // Nobody is woken: the link is as down as before.
            false
        });
    }
}

/// Keeper of one dependency: connects, works with the connection until it is lost, connects anew.
pub struct Keeper<'a> {
    /// Attempts to connect.
    pub attempts: Attempts,
    /// Dependency that is told what is waited for.
    pub dependency: &'a Dependency,
    /// Token by which the keeper ends: at once while it connects, else with the session.
    pub end: CancellationToken,
}

impl Keeper<'_> {
    /// Runs one session after the other, each with a connection of its own. A session says itself when the dependency
    /// is ready, and ends with the reason why the connection is lost. `waiting` hears why there is still none.
    pub async fn run<T, E, F, S>(
        &self,
        mut connect: impl FnMut() -> F,
        mut waiting: impl FnMut(&str),
        mut session: impl FnMut(T) -> S,
    ) where
        F: Future<Output = Result<T, E>> + Send + 'static,
        S: Future<Output = String>,
        T: Send + 'static,
        E: Display + Send + 'static,
    {
        let (name, mut backoff) = (self.dependency.name(), Backoff::default());
        loop {
            // Of one outage only: in the next one the same reason is logged again.
            let mut last = String::new();
            let failed = |reason: &str| {
                // In the log once for each reason.
                if last != reason {
                    tracing::info!("waiting for {name}: {reason}");
                    reason.clone_into(&mut last);
                }
                self.dependency.waits(reason);
                waiting(reason);
            };
            let connecting = self.attempts.until_success(&mut connect, failed);
            let Some(value) = self.end.run_until_cancelled(connecting).await else { return };
            tracing::info!("{name} is there");
            let begun = Instant::now();
            let reason = session(value).await;
            // An end that was asked for is no loss, and is not logged as one.
            if self.end.is_cancelled() {
                return;
            }
            tracing::warn!("{name} is gone: {reason}");
            self.dependency.waits(reason);
            // Connections that are made and soon lost, again and again, must not become a busy loop.
            if begun.elapsed() > STEADY {
                backoff.reset();
            } else {
                self.end.run_until_cancelled(tokio::time::sleep(backoff.pause())).await;
            }
        }
    }
}

/// Looks after a dependency until a look fails, and returns the reason. A look that succeeds closes the breakers, so that
/// no request has to be the one that finds out.
pub async fn until_lost<F, E>(breakers: &[Breaker], limit: Duration, mut look: impl FnMut() -> F) -> String
where
    F: Future<Output = Result<(), E>>,
    E: Display,
{
    loop {
        let well = breakers.iter().all(|breaker| breaker.state() == BreakerState::Closed);
        // The pause comes first: the connection was made or looked at a moment ago.
        tokio::time::sleep(look_interval(well)).await;
        match tokio::time::timeout(limit, look()).await {
            // A failure that is being counted must not be forgotten because of a look.
            Ok(Ok(())) if well => {}
            Ok(Ok(())) => breakers.iter().for_each(Breaker::close),
            Ok(Err(lost)) => return lost.to_string(),
            Err(_) => return format!("no answer within {limit:?}"),
        }
    }
}

/// Time between two looks: short while something is not well, since recovery waits for the next one.
#[must_use]
pub fn look_interval(well: bool) -> Duration {
    if well { CALM } else { UNEASY }
}

fn is_current<T>(state: &LinkState<T>, held: &Connection<T>) -> bool {
    matches!(state, LinkState::Up(current) if current.number == held.number)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::breaker::{BreakerSettings, Conduct};
    use crate::health::Readiness;

    const ATTEMPTS: Attempts =
        Attempts { interval: Duration::from_millis(50), beside: 2, each: Duration::from_secs(1) };

    /// A link whose connections are numbers, kept in the background; its connection 2 fails to be made.
    fn kept() -> (Link<u32>, Dependency, tokio::task::JoinHandle<()>) {
        let (link, dependency) = (Link::<u32>::default(), Readiness::default().dependency("store"));
        let (keeper, watched) = (link.clone(), dependency.clone());
        let task = tokio::spawn(async move {
            let made = AtomicU32::new(0);
            let connect = || {
                let number = made.fetch_add(1, Ordering::SeqCst) + 1;
                async move { if number == 2 { Err("refused") } else { Ok(number) } }
            };
            keeper.keep(ATTEMPTS, &watched, connect, async |_| std::future::pending().await).await;
        });
        (link, dependency, task)
    }

    #[tokio::test(start_paused = true)]
    async fn a_reported_connection_is_made_anew_and_its_users_are_told() {
        let (link, dependency, task) = kept();
        let first = link.up().await;
        assert!(*first == 1 && dependency.is_ready());
        link.report(&first, "it broke");
        link.lost(&first).await;
        let next = link.up().await;
        assert_eq!(*next, 3);
        link.report(&first, "an old story");
        assert_eq!(link.current().map(|held| *held), Ok(3));
        task.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_ends_with_the_keeper_and_connections_soon_lost_are_no_busy_loop() {
        let dependency = Readiness::default().dependency("store");
        let end = CancellationToken::new();
        let keeper = Keeper { attempts: ATTEMPTS, dependency: &dependency, end: end.clone() };
        let mut sessions = Vec::new();
        let session = |()| {
            sessions.push(Instant::now());
            let (last, end) = (sessions.len() == 5, end.clone());
            async move {
                if last {
                    end.cancelled().await;
                }
                "it broke".to_owned()
            }
        };
        let stop = async {
            tokio::time::sleep(Duration::from_secs(60)).await;
            end.cancel();
        };
        let connect = || async { Ok::<_, String>(()) };
        tokio::join!(keeper.run(connect, |_| {}, session), stop);
        assert_eq!(sessions.len(), 5);
        assert!(
            sessions.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_millis(25)),
            "{sessions:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_closes_a_breaker_and_a_failing_one_ends_the_looking() {
        let breaker = Breaker::new(BreakerSettings { failures: 1, ..BreakerSettings::default() });
        breaker.admit().unwrap().end(Conduct::Broken);
        let looks = AtomicU32::new(0);
        let look = || async {
            match looks.fetch_add(1, Ordering::SeqCst) {
                0 => Ok(()),
                1 => Err("refused"),
                _ => std::future::pending().await,
            }
        };
        let limit = Duration::from_secs(3);
        assert_eq!(until_lost(std::slice::from_ref(&breaker), limit, look).await, "refused");
        assert_eq!(breaker.state(), BreakerState::Closed);
        assert_eq!(until_lost(&[], limit, look).await, "no answer within 3s");
    }
}

//! A watched connection to one dependency: up or down, made anew whenever somebody finds it broken.
//!
//! Whoever uses the connection and sees it fail reports that; the keeper then connects again, with attempts
//! that don't wait for one that hangs. Work that hangs on a lost connection can be ended with [`Link::lost`].

use std::fmt::Display;
use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;

use tokio::sync::watch::{Receiver, Sender, channel};

use crate::attempts::Attempts;
use crate::health::Dependency;

/// The connection to a dependency; clones share it. `T` is whatever a working connection is.
#[derive(Debug)]
pub struct Link<T> {
    state: Arc<Sender<State<T>>>,
}

/// Whether the dependency is there.
#[derive(Debug, Clone)]
pub enum State<T> {
    /// Not there, and why.
    Down(String),
    /// There, by this connection.
    Up(Held<T>),
}

/// A connection that has worked. Clones are the same connection.
#[derive(Debug, Clone)]
pub struct Held<T> {
    number: u64,
    value: T,
}

impl<T> Clone for Link<T> {
    fn clone(&self) -> Self {
        Self { state: Arc::clone(&self.state) }
    }
}

impl<T> Default for Link<T> {
    /// Down: nobody has tried yet.
    fn default() -> Self {
        Self { state: Arc::new(channel(State::Down("not tried yet".to_owned())).0) }
    }
}

impl<T> Deref for Held<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: Clone> Link<T> {
    /// To follow its state.
    #[must_use]
    pub fn watch(&self) -> Receiver<State<T>> {
        self.state.subscribe()
    }

    /// The connection, or why there is none.
    ///
    /// # Errors
    /// The reason, without secrets, as `connect` told it.
    pub fn current(&self) -> Result<Held<T>, String> {
        match &*self.state.borrow() {
            State::Up(held) => Ok(held.clone()),
            State::Down(reason) => Err(reason.clone()),
        }
    }

    /// Waits until there is a connection.
    pub async fn up(&self) -> Held<T> {
        let mut state = self.watch();
        loop {
            if let State::Up(held) = &*state.borrow_and_update() {
                return held.clone();
            }
            if state.changed().await.is_err() {
                // The sender is ours: it can't be gone while we wait.
                std::future::pending::<()>().await;
            }
        }
    }

    /// `held` failed. Of no consequence when another connection has taken its place.
    pub fn report(&self, held: &Held<T>, reason: impl Into<String>) {
        self.state.send_if_modified(|state| {
            let current = is_current(state, held);
            if current {
                *state = State::Down(reason.into());
            }
            current
        });
    }

    /// Ends once `held` is no longer the connection in use.
    pub async fn lost(&self, held: &Held<T>) {
        let _ = self.watch().wait_for(|state| !is_current(state, held)).await;
    }

    /// Keeps the dependency connected, for ever, and says so to `dependency`: `connect` makes a connection,
    /// `look` looks after it and ends with a reason when it is broken. To end it, drop the future.
    pub async fn keep<E, F>(
        &self,
        attempts: Attempts,
        dependency: &Dependency,
        mut connect: impl FnMut() -> F,
        look: impl AsyncFn(&Held<T>) -> String,
    ) where
        F: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Display + Send + 'static,
    {
        let name = dependency.name();
        for number in 1.. {
            let mut told = String::new();
            let failed = |reason: &str| self.tell(dependency, reason, &mut told);
            let value = attempts.until_success(&mut connect, failed).await;
            let held = Held { number, value };
            tracing::info!("{name} is there");
            dependency.ready();
            self.state.send_replace(State::Up(held.clone()));
            tokio::select! {
                reason = look(&held) => self.report(&held, reason),
                () = self.lost(&held) => {}
            }
            let reason = self.current().err().unwrap_or_default();
            tracing::warn!("{name} is gone: {reason}");
            dependency.waits(reason);
        }
    }

    /// Says why there is still no connection; in the log once for each reason.
    fn tell(&self, dependency: &Dependency, reason: &str, told: &mut String) {
        if told != reason {
            tracing::info!("waiting for {}: {reason}", dependency.name());
            reason.clone_into(told);
        }
        dependency.waits(reason);
        self.state.send_if_modified(|state| {
            if let State::Down(known) = state {
                reason.clone_into(known);
            }
            false
        });
    }
}

fn is_current<T>(state: &State<T>, held: &Held<T>) -> bool {
    matches!(state, State::Up(current) if current.number == held.number)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::health::Readiness;

    const ATTEMPTS: Attempts =
        Attempts { pace: Duration::from_millis(50), beside: 2, each: Duration::from_secs(1) };

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
}

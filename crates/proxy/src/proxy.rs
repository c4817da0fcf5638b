//! One proxy: the address where it listens, its upstreams and its toxics.

use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use super::acceptor;
use super::answer_times::AnswerTimes;
use super::context::ConnectionContext;
use super::counters::Snapshot;
use super::listen::{self, ListenError};
use super::toxics::Toxics;
use super::upstreams::Upstreams;
use faultline_toxics::{NewToxic, Toxic};

/// Multiplier for the seeds of a proxy's toxics.
// An odd number with many bits set: the seeds of ids that follow each other differ in many bits.
const SEED_FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// Failure of a proxy to listen.
#[derive(Debug, thiserror::Error)]
#[error("proxy of {name}: cannot listen: {source}")]
pub struct ProxyError {
    /// Name of the proxy.
    pub name: String,
    /// Cause.
    pub source: ListenError,
}

/// Failure to add, change or remove a toxic.
// The texts are Toxiproxy's, since clients match them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ToxicError {
    /// Name of an existing toxic.
    #[error("toxic already exists")]
    Exists,
    /// Name of no toxic.
    #[error("toxic not found")]
    NotFound,
}

/// TCP proxy with toxics. No method waits for a connection.
// In Toxiproxy, the removal of a toxic waits for its connections, and hangs behind a client that does not read.
#[derive(Debug)]
pub struct Proxy {
    context: Arc<ConnectionContext>,
    // A mutex of tokio: it is held while a host name is resolved, and while the acceptor ends.
    state: Mutex<ProxyState>,
}

#[derive(Debug)]
struct ProxyState {
    /// Address as it was given; with its real port once the proxy has listened.
    listen: String,
    upstreams: Arc<Upstreams>,
    acceptor: Option<Acceptor>,
    /// Id of the next toxic.
    // No id is used twice: a connection would take a toxic that was added again for the one that was removed.
    next_toxic: u64,
}

/// Task of the acceptor, aborted when dropped.
#[derive(Debug)]
struct Acceptor(JoinHandle<()>);

impl Drop for Acceptor {
    fn drop(&mut self) {
        // A JoinHandle that is dropped leaves its task running, and the task would keep listening.
        self.0.abort();
    }
}

/// State of a proxy at one moment.
#[derive(Debug, Clone)]
pub struct ProxyView {
    /// Name of the proxy.
    pub name: String,
    /// Address where the proxy listens while it is enabled.
    pub listen: String,
    /// Addresses of the upstreams, separated by commas.
    pub upstream: String,
    /// True while the proxy listens.
    pub enabled: bool,
    /// Toxics in both directions.
    pub toxics: Arc<Toxics>,
    /// Values of the counters.
    pub counters: Snapshot,
}

impl Proxy {
    /// Makes a proxy that does not listen yet.
    #[must_use]
    pub fn new(name: &str, listen: &str, upstreams: impl Into<Upstreams>, seed: u64) -> Self {
        let context = ConnectionContext::new(name, seed);
        let upstreams = Arc::new(upstreams.into());
        let state = ProxyState { listen: listen.to_owned(), upstreams, acceptor: None, next_toxic: 0 };
        Self { context: Arc::new(context), state: Mutex::new(state) }
    }

    /// Returns the name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.context.proxy_name
    }

    /// Returns the current values of the counters.
    #[must_use]
    pub fn counters(&self) -> Snapshot {
        self.context.counters.snapshot()
    }

    /// Starts to measure the times to an answer.
    pub fn time_answers(&self) {
        self.context.counters.answers.turn_on();
    }

    /// Returns the times to an answer since their measurement began.
    #[must_use]
    pub fn answer_times(&self) -> AnswerTimes {
        self.context.counters.answers.times()
    }

    /// Returns the toxics.
    #[must_use]
    pub fn toxics(&self) -> Arc<Toxics> {
        Arc::clone(&self.context.toxics.borrow())
    }

    /// Returns the whole state.
    pub async fn view(&self) -> ProxyView {
        let state = self.state.lock().await;
        ProxyView {
            name: self.context.proxy_name.clone(),
            listen: state.listen.clone(),
            upstream: state.upstreams.to_string(),
            enabled: state.acceptor.is_some(),
            toxics: self.toxics(),
            counters: self.counters(),
        }
    }

    /// Starts to listen, unless the proxy listens already.
    ///
    /// # Errors
    /// [`ProxyError`] if the address cannot be bound.
    pub async fn enable(&self) -> Result<(), ProxyError> {
        self.start(&mut *self.state.lock().await).await
    }

    /// Closes the listener and every connection. The system refuses new ones.
    pub async fn disable(&self) {
        self.stop(&mut *self.state.lock().await).await;
    }

    /// Changes the addresses and the state of the proxy; `None` leaves a value as it is. Toxics stay. A new address on
    /// either side closes every connection.
    ///
    /// # Errors
    /// [`ProxyError`] if `listen` is no address, which changes nothing; or if it cannot be bound, which leaves the proxy
    /// disabled with the new address. Both are what Toxiproxy does.
    pub async fn update(
        &self,
        listen: Option<&str>,
        upstream: Option<&str>,
        enabled: Option<bool>,
    ) -> Result<(), ProxyError> {
        let mut state = self.state.lock().await;
        let listen = listen.unwrap_or(&state.listen).to_owned();
        // Before anything is stopped, since a text that is no address must change nothing.
        let resolved = listen::resolve(&listen).await.map_err(|source| self.error(source))?;
        // As in Toxiproxy, another text of the same address (localhost) is no change.
        let moves = resolved.to_string() != state.listen && listen != state.listen;
        let new_upstream = upstream.filter(|upstream| *upstream != state.upstreams.to_string());
        let enabled = enabled.unwrap_or(state.acceptor.is_some());
        if moves || new_upstream.is_some() || !enabled {
            self.stop(&mut state).await;
        }
        if moves {
            state.listen = listen;
        }
        if let Some(upstream) = new_upstream {
            state.upstreams = Arc::new(upstream.into());
        }
        if enabled { self.start(&mut state).await } else { Ok(()) }
    }

    /// Adds a toxic behind the others of its direction. It affects open connections too.
    ///
    /// # Errors
    /// [`ToxicError::Exists`] if the name is in use.
    pub async fn add(&self, new: NewToxic) -> Result<Arc<Toxic>, ToxicError> {
        let mut state = self.state.lock().await;
        let mut toxics = Toxics::clone(&self.toxics());
        if toxics.named(&new.name).is_some() {
            return Err(ToxicError::Exists);
        }
        let id = state.next_toxic;
        state.next_toxic += 1;
        let seed = new.seed.unwrap_or(self.context.seed ^ id.wrapping_mul(SEED_FACTOR));
        let toxic = Arc::new(Toxic::new(id, seed, new));
        toxics.push(Arc::clone(&toxic));
        // Replaced as a whole, so that a connection sees all of an edit or nothing of it.
        // Not by `send`, which discards the value as long as no connection receives it.
        self.context.toxics.send_replace(Arc::new(toxics));
        Ok(toxic)
    }

    /// Changes a toxic, on open connections too. An error of `change` leaves the toxic as it was.
    ///
    /// # Errors
    /// [`ToxicError::NotFound`]; the inner error is that of `change`.
    pub async fn change<E>(
        &self,
        name: &str,
        change: impl FnOnce(&mut Toxic) -> Result<(), E>,
    ) -> Result<Result<Arc<Toxic>, E>, ToxicError> {
        // Edits copy the toxics and replace them: two at once would lose one.
        let _exclusive = self.state.lock().await;
        let mut toxics = Toxics::clone(&self.toxics());
        // On a copy: connections find a changed toxic by its pointer, and an error leaves theirs untouched.
        let mut toxic = Toxic::clone(toxics.named(name).ok_or(ToxicError::NotFound)?);
        if let Err(error) = change(&mut toxic) {
            return Ok(Err(error));
        }
        let toxic = Arc::new(toxic);
        toxics.replace(Arc::clone(&toxic));
        self.context.toxics.send_replace(Arc::new(toxics));
        Ok(Ok(toxic))
    }

    /// Removes a toxic. The bytes that it holds pass.
    ///
    /// # Errors
    /// [`ToxicError::NotFound`].
    pub async fn remove(&self, name: &str) -> Result<Arc<Toxic>, ToxicError> {
        let _exclusive = self.state.lock().await;
        let mut toxics = Toxics::clone(&self.toxics());
        let toxic = Arc::clone(toxics.named(name).ok_or(ToxicError::NotFound)?);
        toxics.remove(toxic.id());
        self.context.toxics.send_replace(Arc::new(toxics));
        Ok(toxic)
    }

    /// Removes all toxics.
    pub async fn remove_all(&self) {
        let _exclusive = self.state.lock().await;
        self.context.toxics.send_replace(Arc::default());
    }

    async fn start(&self, state: &mut ProxyState) -> Result<(), ProxyError> {
        if state.acceptor.is_some() {
            return Ok(());
        }
        let address = listen::resolve(&state.listen).await.map_err(|source| self.error(source))?;
        let unbound = |source| self.error(ListenError::Bind { address, source });
        let listener = listen::listen(address).map_err(|source| self.error(source))?;
        // For port 0 the system chose one. The proxy keeps it, to listen there again after it was disabled.
        state.listen = listener.local_addr().map_err(unbound)?.to_string();
        let run = acceptor::run(listener, Arc::clone(&self.context), Arc::clone(&state.upstreams));
        state.acceptor = Some(Acceptor(tokio::spawn(run)));
        Ok(())
    }

    async fn stop(&self, state: &mut ProxyState) {
        if let Some(mut acceptor) = state.acceptor.take() {
            // Counted before the abort, which drops the connections and with them their count.
            let open = self.context.counters.snapshot().open;
            acceptor.0.abort();
            // Only a joined task is gone for sure, and with it the listening socket: the next client is refused.
            let _ = (&mut acceptor.0).await;
            self.context.counters.add_cut(open);
        }
    }

    fn error(&self, source: ListenError) -> ProxyError {
        ProxyError { name: self.context.proxy_name.clone(), source }
    }
}

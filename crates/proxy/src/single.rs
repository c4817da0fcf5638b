//! One proxy: where it listens, where it passes connections on to, and its toxics.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

use super::acceptor;
use super::answer_times::AnswerTimes;
use super::counters::{Counters, Snapshot};
use super::listen::{self, ListenError};
use super::toxics::Toxics;
use super::upstreams::Upstreams;
use faultline_toxics::{NewToxic, Toxic};

/// Tells the seeds of a proxy's toxics apart: odd, and with many bits set.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// A proxy that can't be started or started again.
#[derive(Debug, thiserror::Error)]
#[error("the proxy of {name} can't listen: {source}")]
pub struct ProxyError {
    /// Its name.
    pub name: String,
    /// Why.
    pub source: ListenError,
}

/// What every connection of a proxy shares.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) name: String,
    /// Decides what is random, with the number of the connection and the id of the toxic.
    pub(super) seed: u64,
    pub(super) counters: Counters,
    pub(super) toxics: watch::Sender<Arc<Toxics>>,
    /// Whether the upstream takes no connections, as was told then.
    pub(super) upstream_lost: AtomicBool,
}

/// A proxy of a name. Every method is quick, whatever its connections do.
#[derive(Debug)]
pub struct Proxy {
    shared: Arc<Shared>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// As it was given, or where it listens since.
    listen: String,
    upstreams: Arc<Upstreams>,
    acceptor: Option<Acceptor>,
    /// The id of the next toxic.
    next: u64,
}

/// Aborted when dropped.
#[derive(Debug)]
struct Acceptor(JoinHandle<()>);

impl Drop for Acceptor {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A proxy at one moment.
#[derive(Debug, Clone)]
pub struct View {
    /// Its name.
    pub name: String,
    /// Where it listens, or would.
    pub listen: String,
    /// Where it passes connections on to.
    pub upstream: String,
    /// Whether it listens.
    pub enabled: bool,
    /// Its toxics.
    pub toxics: Arc<Toxics>,
    /// What it has seen and done.
    pub counters: Snapshot,
}

/// Why a toxic is not there, or not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ToxicError {
    /// There is one of this name.
    #[error("toxic already exists")]
    Exists,
    /// There is none.
    #[error("toxic not found")]
    NotFound,
}

impl Proxy {
    /// A proxy that does not listen yet.
    #[must_use]
    pub fn new(name: &str, listen: &str, upstreams: impl Into<Upstreams>, seed: u64) -> Self {
        let shared = Shared {
            name: name.to_owned(),
            seed,
            counters: Counters::default(),
            toxics: watch::Sender::new(Arc::default()),
            upstream_lost: AtomicBool::new(false),
        };
        let upstreams = Arc::new(upstreams.into());
        let state = State { listen: listen.to_owned(), upstreams, acceptor: None, next: 0 };
        Self { shared: Arc::new(shared), state: Mutex::new(state) }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// What it has seen and done until now.
    #[must_use]
    pub fn counters(&self) -> Snapshot {
        self.shared.counters.snapshot()
    }

    /// Measures from now on how long answers take.
    pub fn time_answers(&self) {
        self.shared.counters.answers.turn_on();
    }

    /// How long answers took until now, since that is measured.
    #[must_use]
    pub fn answer_times(&self) -> AnswerTimes {
        self.shared.counters.answers.times()
    }

    /// Its toxics.
    #[must_use]
    pub fn toxics(&self) -> Arc<Toxics> {
        Arc::clone(&self.shared.toxics.borrow())
    }

    /// All of it.
    pub async fn view(&self) -> View {
        let state = self.state.lock().await;
        View {
            name: self.shared.name.clone(),
            listen: state.listen.clone(),
            upstream: state.upstreams.to_string(),
            enabled: state.acceptor.is_some(),
            toxics: self.toxics(),
            counters: self.counters(),
        }
    }

    /// Listens; does nothing when it does already.
    ///
    /// # Errors
    /// [`ProxyError`] when the address can't be listened on.
    pub async fn enable(&self) -> Result<(), ProxyError> {
        self.begin(&mut *self.state.lock().await).await
    }

    /// Closes the listener and every connection; new ones are refused by the system.
    pub async fn disable(&self) {
        self.end(&mut *self.state.lock().await).await;
    }

    /// Changes where it listens, where it passes on to, and whether it listens; what is `None` stays. Toxics stay.
    /// Another address on either side closes every connection.
    ///
    /// # Errors
    /// [`ProxyError`]: for a text that is no address, and then nothing is changed; or when the new address can't be
    /// listened on, and then it is disabled.
    pub async fn update(
        &self,
        listen: Option<&str>,
        upstream: Option<&str>,
        enabled: Option<bool>,
    ) -> Result<(), ProxyError> {
        let mut state = self.state.lock().await;
        let listen = listen.unwrap_or(&state.listen).to_owned();
        let resolved = listen::resolve(&listen).await.map_err(|source| self.error(source))?;
        let elsewhere = resolved.to_string() != state.listen && listen != state.listen;
        let to_another = upstream.filter(|upstream| *upstream != state.upstreams.to_string());
        let enabled = enabled.unwrap_or(state.acceptor.is_some());
        if elsewhere || to_another.is_some() || !enabled {
            self.end(&mut state).await;
        }
        if elsewhere {
            state.listen = listen;
        }
        if let Some(upstream) = to_another {
            state.upstreams = Arc::new(upstream.into());
        }
        if enabled { self.begin(&mut state).await } else { Ok(()) }
    }

    /// Adds a toxic, behind the others of its direction, on connections that are open too.
    ///
    /// # Errors
    /// [`ToxicError::Exists`].
    pub async fn add(&self, wanted: NewToxic) -> Result<Arc<Toxic>, ToxicError> {
        let mut state = self.state.lock().await;
        let mut toxics = Toxics::clone(&self.toxics());
        if toxics.named(&wanted.name).is_some() {
            return Err(ToxicError::Exists);
        }
        let id = state.next;
        state.next += 1;
        let seed = wanted.seed.unwrap_or(self.shared.seed ^ id.wrapping_mul(SPREAD));
        let toxic = Arc::new(Toxic::new(id, seed, wanted));
        toxics.push(Arc::clone(&toxic));
        self.shared.toxics.send_replace(Arc::new(toxics));
        Ok(toxic)
    }

    /// Changes a toxic, on connections that are open too; not at all where `change` refuses.
    ///
    /// # Errors
    /// [`ToxicError::NotFound`].
    pub async fn change<E>(
        &self,
        name: &str,
        change: impl FnOnce(&mut Toxic) -> Result<(), E>,
    ) -> Result<Result<Arc<Toxic>, E>, ToxicError> {
        let _one_at_a_time = self.state.lock().await;
        let mut toxics = Toxics::clone(&self.toxics());
        let mut toxic = Toxic::clone(toxics.named(name).ok_or(ToxicError::NotFound)?);
        if let Err(refused) = change(&mut toxic) {
            return Ok(Err(refused));
        }
        let toxic = Arc::new(toxic);
        toxics.replace(Arc::clone(&toxic));
        self.shared.toxics.send_replace(Arc::new(toxics));
        Ok(Ok(toxic))
    }

    /// Takes a toxic away; what it holds passes.
    ///
    /// # Errors
    /// [`ToxicError::NotFound`].
    pub async fn remove(&self, name: &str) -> Result<Arc<Toxic>, ToxicError> {
        let _one_at_a_time = self.state.lock().await;
        let mut toxics = Toxics::clone(&self.toxics());
        let toxic = Arc::clone(toxics.named(name).ok_or(ToxicError::NotFound)?);
        toxics.remove(toxic.id());
        self.shared.toxics.send_replace(Arc::new(toxics));
        Ok(toxic)
    }

    /// Takes all toxics away.
    pub async fn remove_all(&self) {
        let _one_at_a_time = self.state.lock().await;
        self.shared.toxics.send_replace(Arc::default());
    }

    async fn begin(&self, state: &mut State) -> Result<(), ProxyError> {
        if state.acceptor.is_some() {
            return Ok(());
        }
        let address = listen::resolve(&state.listen).await.map_err(|source| self.error(source))?;
        let bound = |source| self.error(ListenError::Bind { address, source });
        let listener = listen::listen(address).map_err(|source| self.error(source))?;
        state.listen = listener.local_addr().map_err(bound)?.to_string();
        let run = acceptor::run(listener, Arc::clone(&self.shared), Arc::clone(&state.upstreams));
        state.acceptor = Some(Acceptor(tokio::spawn(run)));
        Ok(())
    }

    async fn end(&self, state: &mut State) {
        if let Some(mut acceptor) = state.acceptor.take() {
            let open = self.shared.counters.snapshot().open;
            acceptor.0.abort();
            // Aborted tasks are gone only once they were joined; from then on connections are refused for sure.
            let _ = (&mut acceptor.0).await;
            self.shared.counters.add_cut(open);
        }
    }

    fn error(&self, source: ListenError) -> ProxyError {
        ProxyError { name: self.shared.name.clone(), source }
    }
}

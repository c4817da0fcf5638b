//! The TCP proxy of a link. Knows nothing of the lab: it has a name, upstreams and toxics.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`upstreams`] | where connections are passed on to |
//! | [`counters`] | what a proxy has seen and done, for evidence |
//! | [`acceptor`] | the listening socket and its connections |
//! | [`pump`] | one direction of one connection |
//! | [`toxic`] | what can be done to the bytes, one file each |

mod acceptor;
pub mod counters;
mod pump;
pub mod toxic;
pub mod upstreams;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use counters::{Counters, Snapshot};
pub use toxic::{Latency, Toxics};
pub use upstreams::Upstreams;

/// A proxy that can't be started or started again.
#[derive(Debug, thiserror::Error)]
#[error("the proxy of {name} can't listen on {address}: {source}")]
pub struct ProxyError {
    /// Its name.
    pub name: String,
    /// Where it should have listened.
    pub address: SocketAddr,
    /// The operating system's word.
    pub source: std::io::Error,
}

/// What every connection of a proxy shares.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) name: String,
    pub(crate) upstreams: Upstreams,
    pub(crate) counters: Counters,
    pub(crate) toxics: watch::Sender<Arc<Toxics>>,
}

/// The proxy of one link.
#[derive(Debug)]
pub struct Proxy {
    shared: Arc<Shared>,
    address: SocketAddr,
    acceptor: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Listens on `address` and passes every connection on, by turns where there are several upstreams.
    ///
    /// # Errors
    /// [`ProxyError`] when the address can't be listened on.
    pub async fn start(
        name: &str,
        address: SocketAddr,
        upstreams: impl Into<Upstreams>,
    ) -> Result<Self, ProxyError> {
        let shared = Arc::new(Shared {
            name: name.to_owned(),
            upstreams: upstreams.into(),
            counters: Counters::default(),
            toxics: watch::Sender::new(Arc::new(Toxics::default())),
        });
        let mut proxy = Self { shared, address, acceptor: None };
        proxy.enable().await?;
        Ok(proxy)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has seen and done until now.
    #[must_use]
    pub fn counters(&self) -> Snapshot {
        self.shared.counters.snapshot()
    }

    /// Listens again; does nothing when it does already.
    ///
    /// # Errors
    /// [`ProxyError`] when the address can't be listened on.
    pub async fn enable(&mut self) -> Result<(), ProxyError> {
        if self.acceptor.is_none() {
            let failed =
                |source| ProxyError { name: self.shared.name.clone(), address: self.address, source };
            let listener = acceptor::listen(self.address).map_err(failed)?;
            self.address = listener.local_addr().map_err(failed)?;
            self.acceptor = Some(tokio::spawn(acceptor::run(listener, Arc::clone(&self.shared))));
        }
        Ok(())
    }

    /// Closes the listener and every connection; new ones are refused by the system.
    pub async fn disable(&mut self) {
        if let Some(acceptor) = self.acceptor.take() {
            let open = self.shared.counters.snapshot().open;
            acceptor.abort();
            // Aborted tasks are gone only once they were joined; then the socket is closed for sure.
            let _ = acceptor.await;
            self.shared.counters.add_cut(open);
        }
    }

    /// Replaces the toxics, on connections that are open too.
    pub fn set_toxics(&self, toxics: Toxics) {
        self.shared.toxics.send_replace(Arc::new(toxics));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(acceptor) = self.acceptor.take() {
            acceptor.abort();
        }
    }
}

#[cfg(test)]
mod tests;

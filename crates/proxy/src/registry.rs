//! The proxies of one lab, by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::listen;
use super::single::{Proxy, ProxyError};
use faultline_toxics::NewToxic;

/// Proxies by name. Every method is quick, whatever connections do.
#[derive(Debug)]
pub struct Registry {
    seed: u64,
    proxies: Mutex<BTreeMap<String, Arc<Proxy>>>,
}

/// What is wanted of a proxy.
#[derive(Debug, Clone)]
pub struct NewProxy {
    /// Its name.
    pub name: String,
    /// Where it listens: `host:port`; empty for any port of every interface.
    pub listen: String,
    /// Where it passes connections on to: `host:port`, or several with commas between them, by turns.
    pub upstream: String,
    /// Whether it listens at once.
    pub enabled: bool,
    /// Toxics that are there before the first connection.
    pub toxics: Vec<NewToxic>,
}

/// Why a proxy is not there.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// There is one of this name.
    #[error("proxy already exists")]
    Exists,
    /// There is none.
    #[error("proxy not found")]
    NotFound,
    /// Two toxics of the same name.
    #[error("toxic already exists")]
    ToxicExists,
    /// It can't listen.
    #[error(transparent)]
    Listen(#[from] ProxyError),
}

impl Registry {
    /// Without proxies. The seed decides, with the names of proxies, whatever their toxics have at random.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, proxies: Mutex::default() }
    }

    /// All, by their names.
    pub async fn all(&self) -> Vec<Arc<Proxy>> {
        self.proxies.lock().await.values().cloned().collect()
    }

    /// The one of this name.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`].
    pub async fn named(&self, name: &str) -> Result<Arc<Proxy>, RegistryError> {
        self.proxies.lock().await.get(name).cloned().ok_or(RegistryError::NotFound)
    }

    /// Adds one, and starts it if it is to be enabled. Its toxics act on its first connection already.
    ///
    /// # Errors
    /// [`RegistryError`]; then it is not there.
    pub async fn create(&self, wanted: NewProxy) -> Result<Arc<Proxy>, RegistryError> {
        let mut proxies = self.proxies.lock().await;
        if proxies.contains_key(&wanted.name) {
            return Err(RegistryError::Exists);
        }
        let proxy = self.start(wanted).await?;
        proxies.insert(proxy.name().to_owned(), Arc::clone(&proxy));
        Ok(proxy)
    }

    /// Adds one that was made elsewhere, in the place of one of the same name.
    pub async fn insert(&self, proxy: Arc<Proxy>) {
        self.proxies.lock().await.insert(proxy.name().to_owned(), proxy);
    }

    /// Takes one away, and ends its connections.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`].
    pub async fn delete(&self, name: &str) -> Result<(), RegistryError> {
        let proxy = self.proxies.lock().await.remove(name).ok_or(RegistryError::NotFound)?;
        proxy.disable().await;
        Ok(())
    }

    /// Makes these be there. One that is there with the same addresses is left as it is, another of the same name is
    /// replaced; those not named stay.
    ///
    /// # Errors
    /// The first that can't be made, with those that were; later ones are not tried.
    pub async fn populate(
        &self,
        wanted: Vec<NewProxy>,
    ) -> Result<Vec<Arc<Proxy>>, (Vec<Arc<Proxy>>, RegistryError)> {
        let mut proxies = self.proxies.lock().await;
        let mut there = Vec::new();
        for wanted in wanted {
            if let Some(known) = proxies.get(&wanted.name) {
                if same(known, &wanted).await {
                    there.push(Arc::clone(known));
                    continue;
                }
                known.disable().await;
                proxies.remove(&wanted.name);
            }
            match self.start(wanted).await {
                Ok(proxy) => {
                    proxies.insert(proxy.name().to_owned(), Arc::clone(&proxy));
                    there.push(proxy);
                }
                Err(error) => return Err((there, error)),
            }
        }
        Ok(there)
    }

    /// Enables all, and takes all toxics away.
    ///
    /// # Errors
    /// The first that can't listen; the rest is left.
    pub async fn reset(&self) -> Result<(), RegistryError> {
        for proxy in self.all().await {
            proxy.enable().await?;
            proxy.remove_all().await;
        }
        Ok(())
    }

    async fn start(&self, wanted: NewProxy) -> Result<Arc<Proxy>, RegistryError> {
        let NewProxy { name, listen, upstream, enabled, toxics } = wanted;
        let proxy = Proxy::new(&name, &listen, upstream.as_str(), self.seed ^ number_of(&name));
        for toxic in toxics {
            proxy.add(toxic).await.map_err(|_| RegistryError::ToxicExists)?;
        }
        if enabled {
            proxy.enable().await?;
        }
        Ok(Arc::new(proxy))
    }
}

/// Whether a proxy has the addresses that are wanted.
async fn same(known: &Proxy, wanted: &NewProxy) -> bool {
    let view = known.view().await;
    let resolved = listen::resolve(&wanted.listen).await.map(|address| address.to_string());
    view.upstream == wanted.upstream
        && (view.listen == wanted.listen || resolved.is_ok_and(|address| address == view.listen))
}

/// A number of a name, always the same (FNV-1a, 64 bits).
fn number_of(name: &str) -> u64 {
    name.bytes()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

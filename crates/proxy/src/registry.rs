//! The proxies of one lab, by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::listen;
use super::proxy::{Proxy, ProxyError};
use faultline_toxics::NewToxic;

/// Proxies by name. No method waits for a connection.
#[derive(Debug)]
pub struct Registry {
    seed: u64,
    proxies: Mutex<BTreeMap<String, Arc<Proxy>>>,
}

/// Request for a proxy.
#[derive(Debug, Clone)]
pub struct NewProxy {
    /// Name, unique within the registry.
    pub name: String,
    /// Address to listen at, `host:port`; empty for any port of every interface.
    pub listen: String,
    /// Address to connect to, `host:port`; several, separated by commas, take turns.
    pub upstream: String,
    /// True to listen at once.
    pub enabled: bool,
    /// Toxics that affect the first connection already.
    pub toxics: Vec<NewToxic>,
}

/// Failure to find, make or start a proxy.
// The texts are Toxiproxy's, since clients match them.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// Name of an existing proxy.
    #[error("proxy already exists")]
    Exists,
    /// Name of no proxy.
    #[error("proxy not found")]
    NotFound,
    /// Name of two toxics of the request.
    #[error("toxic already exists")]
    ToxicExists,
    /// Address that cannot be bound.
    #[error(transparent)]
    Listen(#[from] ProxyError),
}

impl Registry {
    /// Makes a registry without proxies. The seed and the names of the proxies decide everything random.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, proxies: Mutex::default() }
    }

    /// Lists all proxies, ordered by name.
    pub async fn all(&self) -> Vec<Arc<Proxy>> {
        self.proxies.lock().await.values().cloned().collect()
    }

    /// Returns the proxy of this name.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`].
    pub async fn named(&self, name: &str) -> Result<Arc<Proxy>, RegistryError> {
        self.proxies.lock().await.get(name).cloned().ok_or(RegistryError::NotFound)
    }

    /// Adds a proxy, and starts it if it is to be enabled.
    ///
    /// # Errors
    /// [`RegistryError`]; the proxy does not exist then.
    pub async fn create(&self, new: NewProxy) -> Result<Arc<Proxy>, RegistryError> {
        // Held until the proxy is in the map: two requests for one name must not both find it free.
        let mut proxies = self.proxies.lock().await;
        if proxies.contains_key(&new.name) {
            return Err(RegistryError::Exists);
        }
        let proxy = self.start(new).await?;
        proxies.insert(proxy.name().to_owned(), Arc::clone(&proxy));
        Ok(proxy)
    }

    /// Adds a proxy that was made elsewhere, or replaces the one of the same name.
    pub async fn insert(&self, proxy: Arc<Proxy>) {
        self.proxies.lock().await.insert(proxy.name().to_owned(), proxy);
    }

    /// Removes a proxy and ends its connections.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`].
    pub async fn delete(&self, name: &str) -> Result<(), RegistryError> {
        let proxy = self.proxies.lock().await.remove(name).ok_or(RegistryError::NotFound)?;
        // The map is unlocked again, so that no other request waits for the end of this proxy.
        proxy.disable().await;
        Ok(())
    }

    /// Makes these proxies. A proxy with the same name and addresses stays as it is, one with the same name only is
    /// replaced, and all others stay.
    ///
    /// # Errors
    /// The error of the first proxy that cannot be made, with the proxies before it. As in Toxiproxy, later ones are not
    /// tried.
    pub async fn populate(
        &self,
        requests: Vec<NewProxy>,
    ) -> Result<Vec<Arc<Proxy>>, (Vec<Arc<Proxy>>, RegistryError)> {
        let mut proxies = self.proxies.lock().await;
        let mut made = Vec::new();
        for new in requests {
            if let Some(known) = proxies.get(&new.name) {
                if is_same(known, &new).await {
                    made.push(Arc::clone(known));
                    continue;
                }
                // Its port must be free before the new proxy listens.
                known.disable().await;
                proxies.remove(&new.name);
            }
            match self.start(new).await {
                Ok(proxy) => {
                    proxies.insert(proxy.name().to_owned(), Arc::clone(&proxy));
                    made.push(proxy);
                }
                Err(error) => return Err((made, error)),
            }
        }
        Ok(made)
    }

    /// Enables all proxies and removes all toxics.
    ///
    /// # Errors
    /// The error of the first proxy that cannot listen. The proxies after it stay as they are.
    pub async fn reset(&self) -> Result<(), RegistryError> {
        for proxy in self.all().await {
            // In Toxiproxy's order: a proxy that cannot listen keeps its toxics.
            proxy.enable().await?;
            proxy.remove_all().await;
        }
        Ok(())
    }

    async fn start(&self, new: NewProxy) -> Result<Arc<Proxy>, RegistryError> {
        let NewProxy { name, listen, upstream, enabled, toxics } = new;
        // By its name and not by its place, so that other proxies do not change what is random on this one.
        let proxy = Proxy::new(&name, &listen, upstream.as_str(), self.seed ^ name_hash(&name));
        // Before the proxy listens, so that they affect the first connection already.
        for toxic in toxics {
            proxy.add(toxic).await.map_err(|_| RegistryError::ToxicExists)?;
        }
        if enabled {
            proxy.enable().await?;
        }
        Ok(Arc::new(proxy))
    }
}

/// Returns true if a proxy has the addresses of a request, whatever else differs.
async fn is_same(known: &Proxy, new: &NewProxy) -> bool {
    // Not by state and toxics, as in Toxiproxy: a test suite that populates before each test changes nothing.
    // The text is compared too, since the proxy shows the address that `localhost` resolved to.
    let view = known.view().await;
    let resolved = listen::resolve(&new.listen).await.map(|address| address.to_string());
    view.upstream == new.upstream
        && (view.listen == new.listen || resolved.is_ok_and(|address| address == view.listen))
}

/// Hashes a name (FNV-1a, 64 bits).
// The hasher of the standard library may change from version to version, and a seed has to repeat its run with later
// versions too.
fn name_hash(name: &str) -> u64 {
    name.bytes()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

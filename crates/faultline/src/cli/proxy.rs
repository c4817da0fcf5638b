//! `faultline proxy`: serves proxies with toxics behind Toxiproxy's HTTP API.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use tokio::net::{TcpListener, lookup_host};

use super::exit::{Exit, Failure};
use super::{interrupt, output, runtime};
use crate::proxy::{Registry, api};

/// Arguments of `faultline proxy`.
#[derive(Debug, Args)]
pub struct ProxyVerb {
    /// Address of the API; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8474", value_name = "HOST:PORT")]
    listen: String,
    /// Proxies to create at the start: a JSON array, as for /populate of the API
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Seed of everything random in toxics; a new one is drawn and printed by default
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
}

impl ProxyVerb {
    /// Serves until it is interrupted.
    ///
    /// # Errors
    /// A [`Failure`] for a bad address or file, or an address that is in use.
    pub fn perform(self) -> Result<Exit, Failure> {
        let config = self.config.as_deref().map(read).transpose()?;
        let seed = self.seed.unwrap_or_else(rand::random);
        runtime::start()?.block_on(async {
            let cancel = interrupt::token()?;
            let listener = listen("--listen", &self.listen).await?;
            let address = listener.local_addr().map_err(Failure::internal)?;
            let registry = Arc::new(Registry::new(seed));
            // Before the API is announced, so that a client which waits for the line finds every proxy.
            for proxy in config.unwrap_or_default() {
                let name = proxy.name.clone();
                let created = registry.create(proxy).await;
                let created = created.map_err(|error| Failure::unavailable(format!("{name}: {error}")))?;
                let view = created.view().await;
                output::note(format_args!("{name}: {} -> {}", view.listen, view.upstream));
            }
            output::print_line(format_args!("API on http://{address}, seed {seed}; Ctrl-C ends it"));
            warn_if_open(address);
            tokio::select! {
                () = api::serve(listener, registry) => {}
                () = cancel.cancelled() => {}
            }
            Ok(Exit::Pass)
        })
    }
}

/// Argument for the API of the links' proxies.
#[derive(Debug, Args)]
pub struct ProxyApiArgs {
    /// Serve Toxiproxy's HTTP API for the links of the system, for manual faults
    #[arg(long, value_name = "HOST:PORT", num_args = 0..=1, default_missing_value = "127.0.0.1:8474")]
    proxy_api: Option<String>,
}

impl ProxyApiArgs {
    /// Creates the registry of the links' proxies, and serves its API until the program ends if an address is given.
    ///
    /// # Errors
    /// A [`Failure`] for an address that is bad or in use.
    pub async fn registry(&self) -> Result<Arc<Registry>, Failure> {
        // This seed is for proxies that clients create. A toxic of a scenario brings the seed of its fault.
        let registry = Arc::new(Registry::new(0));
        if let Some(text) = &self.proxy_api {
            let listener = listen("--proxy-api", text).await?;
            let address = listener.local_addr().map_err(Failure::internal)?;
            output::note(format_args!("API of the links' proxies: http://{address}"));
            warn_if_open(address);
            tokio::spawn(api::serve(listener, Arc::clone(&registry)));
        }
        Ok(registry)
    }
}

fn read(path: &Path) -> Result<Vec<crate::proxy::NewProxy>, Failure> {
    let text = fs::read(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    api::read_config(&text).map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

pub(super) async fn listen(option: &str, text: &str) -> Result<TcpListener, Failure> {
    let bad = |error: &dyn std::fmt::Display| {
        Failure::usage(format!(
            "{option}: expected HOST:PORT, like 127.0.0.1:8474, found \"{text}\": {error}"
        ))
    };
    let address = lookup_host(text).await.map_err(|error| bad(&error))?.next();
    let address = address.ok_or_else(|| bad(&"no address"))?;
    let listening = TcpListener::bind(address).await;
    listening.map_err(|error| {
        Failure::unavailable(format!(
            "{option}: cannot listen on {address}: {error}; choose another port, or 0 for a free one"
        ))
    })
}

/// Warns about an API that other machines can reach: it has no passwords, as Toxiproxy's has none.
fn warn_if_open(address: SocketAddr) {
    if !address.ip().is_loopback() {
        output::note(format_args!(
            "faultline: anyone who can reach {address} can make this machine listen and connect anywhere"
        ));
    }
}

//! `faultline proxy`: proxies with toxics, told what to do by Toxiproxy's HTTP API.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use tokio::net::{TcpListener, lookup_host};

use super::exit::{Exit, Failure};
use super::{interrupt, output};
use crate::proxy::{Registry, api};

/// `faultline proxy`.
#[derive(Debug, Args)]
pub struct ProxyVerb {
    /// Where the API is served; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8474", value_name = "HOST:PORT")]
    listen: String,
    /// Proxies to begin with: a JSON array of them, as the API's /populate takes it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Decides what is random in toxics; drawn and told, if not given
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
}

impl ProxyVerb {
    /// Serves until interrupted.
    ///
    /// # Errors
    /// A [`Failure`] of usage for a bad address or file, and where an address can't be listened on.
    pub fn perform(self) -> Result<Exit, Failure> {
        let config = self.config.as_deref().map(read).transpose()?;
        let seed = self.seed.unwrap_or_else(rand::random);
        super::runtime()?.block_on(async {
            let cancel = interrupt::token()?;
            let listener = listen("--listen", &self.listen).await?;
            let address = listener.local_addr().map_err(Failure::internal)?;
            let registry = Arc::new(Registry::new(seed));
            for proxy in config.unwrap_or_default() {
                let name = proxy.name.clone();
                let made = registry.create(proxy).await;
                let made = made.map_err(|error| Failure::unavailable(format!("{name}: {error}")))?;
                let view = made.view().await;
                output::note(format_args!("{name}: {} -> {}", view.listen, view.upstream));
            }
            output::tell(format_args!("the API is served on http://{address}, seed {seed}; Ctrl-C ends it"));
            warn_if_open(address);
            tokio::select! {
                () = api::serve(listener, registry) => {}
                () = cancel.cancelled() => {}
            }
            Ok(Exit::Pass)
        })
    }
}

/// Whether the proxies of links can be reached by the API.
#[derive(Debug, Args)]
pub struct ProxyApiArgs {
    /// Serve Toxiproxy's HTTP API for the links of the system, to inject faults by hand
    #[arg(long, value_name = "HOST:PORT", num_args = 0..=1, default_missing_value = "127.0.0.1:8474")]
    proxy_api: Option<String>,
}

impl ProxyApiArgs {
    /// Where the links' proxies go; served until the program ends, if that is wanted.
    ///
    /// # Errors
    /// A [`Failure`] for an address that can't be listened on.
    pub async fn registry(&self) -> Result<Arc<Registry>, Failure> {
        let registry = Arc::new(Registry::new(0));
        if let Some(text) = &self.proxy_api {
            let listener = listen("--proxy-api", text).await?;
            let address = listener.local_addr().map_err(Failure::internal)?;
            output::note(format_args!("the proxies of the links are told what to do on http://{address}"));
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
        Failure::usage(format!("{option} {text}: {error}; it must be like 127.0.0.1:8474"))
    };
    let address = lookup_host(text).await.map_err(|error| bad(&error))?.next();
    let address = address.ok_or_else(|| bad(&"no address"))?;
    let listening = TcpListener::bind(address).await;
    listening.map_err(|error| {
        Failure::unavailable(format!(
            "{option} can't listen on {address}: {error}; give another, or port 0 for a free one"
        ))
    })
}

/// Whoever reaches the API can make this machine connect anywhere.
fn warn_if_open(address: SocketAddr) {
    if !address.ip().is_loopback() {
        output::note(format_args!(
            "faultline: whoever reaches {address} can make this machine listen and connect anywhere"
        ));
    }
}

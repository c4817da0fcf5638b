//! `--ui`: the live lab of a run, or of a system that is up.

use std::path::PathBuf;

use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::exit::Failure;
use super::output;
use super::proxy::listen;
use crate::live::gate::Token;
use crate::live::session::SessionRequest;
use crate::live::{Broadcast, Lab, assets};
use crate::stack::Topology;

/// Argument for the live lab.
#[derive(Debug, Args)]
pub struct UiArgs {
    /// Serve the live lab: a page that shows the running system and injects faults
    #[arg(long, value_name = "HOST:PORT", num_args = 0..=1, default_missing_value = "127.0.0.1:8475")]
    ui: Option<String>,
}

/// Live lab whose port is already open.
pub struct Ui {
    /// State that the page shows.
    pub broadcast: Broadcast,
    listener: TcpListener,
    token: Token,
}

impl UiArgs {
    /// Opens the port and prints the address, if one is given. Requests wait until [`Ui::serve`].
    ///
    /// # Errors
    /// A [`Failure`] for an address that is bad or in use.
    pub async fn listen(&self) -> Result<Option<Ui>, Failure> {
        let Some(text) = &self.ui else { return Ok(None) };
        // Opened before the system starts, so that a port in use is reported at once and not after a minute.
        let listener = listen("--ui", text).await?;
        let address = listener.local_addr().map_err(Failure::internal)?;
        let token = Token::new();
        // The token is in the fragment, which a browser sends to no server, so it gets into no log.
        output::note(format_args!("the live lab: http://{address}/#token={}", token.text()));
        if !assets::is_built_in() {
            output::note("faultline: the page is missing from this build: run `make page`, then build again");
        }
        if !address.ip().is_loopback() {
            output::note(format_args!(
                "faultline: anyone who can reach {address} can watch; injecting faults needs the token"
            ));
        }
        Ok(Some(Ui { broadcast: Broadcast::default(), listener, token }))
    }
}

impl Ui {
    /// Serves requests until the program ends. Requests for manual loads go to `requests`.
    #[must_use]
    pub fn serve(
        self,
        topology: Topology,
        runs: PathBuf,
        requests: Option<mpsc::Sender<SessionRequest>>,
    ) -> Broadcast {
        let broadcast = self.broadcast.clone();
        let lab = Lab { broadcast: self.broadcast, topology, runs, token: self.token, requests };
        tokio::spawn(async move {
            if let Err(error) = lab.serve(self.listener).await {
                output::note(format_args!("faultline: the live lab stopped: {error}"));
            }
        });
        broadcast
    }
}

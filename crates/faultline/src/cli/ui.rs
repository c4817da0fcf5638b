//! `--ui`: the live lab beside a run, or beside a system that is up.

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

/// Whether the live lab is served.
#[derive(Debug, Args)]
pub struct UiArgs {
    /// Serve the live lab: the system as it is right now on a page, and faults by a click
    #[arg(long, value_name = "HOST:PORT", num_args = 0..=1, default_missing_value = "127.0.0.1:8475")]
    ui: Option<String>,
}

/// The live lab, which listens already.
pub struct Ui {
    /// State that it shows.
    pub broadcast: Broadcast,
    listener: TcpListener,
    token: Token,
}

impl UiArgs {
    /// Listens, if that is wanted, and tells where; nobody is answered yet.
    ///
    /// # Errors
    /// A [`Failure`] for an address that can't be listened on.
    pub async fn listen(&self) -> Result<Option<Ui>, Failure> {
        let Some(text) = &self.ui else { return Ok(None) };
        let listener = listen("--ui", text).await?;
        let address = listener.local_addr().map_err(Failure::internal)?;
        let token = Token::new();
        output::note(format_args!("the live lab: http://{address}/#token={}", token.text()));
        if !assets::is_built_in() {
            output::note(
                "faultline: its page was not built in: `make page`, then build the program once more",
            );
        }
        if !address.ip().is_loopback() {
            output::note(format_args!(
                "faultline: whoever reaches {address} can look; who has the token can do faults"
            ));
        }
        Ok(Some(Ui { broadcast: Broadcast::default(), listener, token }))
    }
}

impl Ui {
    /// Serves the lab until the program ends. Manual loads are sent to `requests`.
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
                output::note(format_args!("faultline: the live lab broke: {error}"));
            }
        });
        broadcast
    }
}

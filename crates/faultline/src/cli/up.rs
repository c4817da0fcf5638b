//! `faultline up`: the system on its published ports, until Ctrl-C.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::exit::{Exit, Failure};
use super::proxy::ProxyApiArgs;
use super::ui::{Ui, UiArgs};
use super::{ProviderArgs, RunsArgs, TopologyArgs, credentials, interrupt, output};
use crate::live::BetweenRuns;
use crate::live::session::LoadSession;
use crate::proxy::Registry;
use crate::runner::folder::LOGS;
use crate::runner::observe::usage;
use crate::runner::{ManualFaults, RunFolder, RunOptions};
use crate::scenario::by_hand;
use crate::stack::{self, Choice, Chosen, NodeState, Ports, Site, Stack, Starting, Topology, Wiring};

/// `faultline up`.
#[derive(Debug, Args)]
pub struct Up {
    #[command(flatten)]
    provider: ProviderArgs,
    /// Keep the data of nodes that run as processes, in the run's folder
    #[arg(long)]
    keep: bool,
    /// Print the passwords of stores and queues with their addresses
    #[arg(long)]
    show_passwords: bool,
    #[command(flatten)]
    ui: UiArgs,
    #[command(flatten)]
    api: ProxyApiArgs,
    #[command(flatten)]
    runs: RunsArgs,
    #[command(flatten)]
    topology: TopologyArgs,
}

/// Passwords in the addresses that are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Passwords {
    Hidden,
    Shown,
}

impl Up {
    /// Does it, until interrupted.
    ///
    /// # Errors
    /// A [`Failure`] when the stack can't be started or a node dies.
    pub fn perform(self) -> Result<Exit, Failure> {
        let topology = self.topology.read()?;
        let folder = RunFolder::create(&self.runs.runs, "up", "up").map_err(Failure::unavailable)?;
        output::note(format_args!("run folder: {}", folder.path().display()));
        if self.keep {
            folder.keep_data().map_err(Failure::unavailable)?;
        }
        let result = super::runtime()?.block_on(async {
            let cancel = interrupt::token()?;
            let registry = self.api.registry().await?;
            let ui = self.ui.listen().await?;
            let lab = ui.map(|ui| (ui, self.runs.runs.clone()));
            let shown = if self.show_passwords { Passwords::Shown } else { Passwords::Hidden };
            serve(&topology, self.provider.choice(), &folder, (&registry, &cancel), (lab, shown)).await
        });
        if !self.keep {
            folder.remove_data().map_err(Failure::unavailable)?;
        }
        result
    }
}

async fn serve(
    topology: &Topology,
    choice: Choice,
    folder: &RunFolder,
    (registry, cancel): (&Registry, &CancellationToken),
    (lab, passwords): (Option<(Ui, PathBuf)>, Passwords),
) -> Result<Exit, Failure> {
    let none = BTreeMap::new();
    let site = Site { run: folder.run(), folder: folder.path(), ports: Ports::Published, overrides: &none };
    let Chosen { provider, why } = stack::choose(choice, topology, site).await?;
    output::note(format_args!("provider: {why}"));
    let stack = Arc::new(Stack::new(topology.clone(), provider, Wiring::Proxied, registry).await?);
    let begun = Instant::now();
    let tell = |starting| {
        if let Starting::Ready(node, after) = starting {
            output::note(format_args!("  {node} ready after {:.1} s", after.as_secs_f64()));
        }
    };
    output::note(format_args!("starting {} nodes", topology.nodes.len()));
    let started = tokio::select! {
        started = stack.start(Duration::from_secs(90), &tell) => started,
        () = cancel.cancelled() => Ok(()),
    };
    let served = match started {
        Ok(()) if !cancel.is_cancelled() => {
            output::tell(format_args!(
                "the system is ready after {:.1} s; Ctrl-C or `faultline down` ends it",
                begun.elapsed().as_secs_f64()
            ));
            print_addresses(&stack, passwords);
            match lab {
                Some((ui, runs)) => live(&stack, (why, folder, runs), ui, cancel).await,
                None => watch(&stack, cancel).await,
            }
        }
        Ok(()) => Ok(Exit::Interrupted),
        Err(error) => Err(error.into()),
    };
    output::note("ending the stack");
    stack.shutdown().await;
    served
}

/// The live lab beside it, until interrupted, or until a node dies.
async fn live(
    stack: &Arc<Stack>,
    (provider, folder, runs): (String, &RunFolder, PathBuf),
    ui: Ui,
    cancel: &CancellationToken,
) -> Result<Exit, Failure> {
    let rest = by_hand::rest("by-hand").ok_or_else(|| Failure::internal("no schedule without a load"))?;
    let ending = cancel.child_token();
    let (sender, requests) = mpsc::channel(8);
    let broadcast = ui.serve(stack.topology().clone(), runs.clone(), Some(sender));
    let listener = Box::new(BetweenRuns(broadcast.clone()));
    let (idle, events) = ManualFaults::idle(stack, folder.path(), listener, rest.clone(), &ending)
        .map_err(Failure::unavailable)?;
    let sampling = tokio::spawn(usage::sample(Arc::clone(stack), events));
    let mut options = RunOptions::new(stack.topology().clone(), rest, runs);
    options.watched = true;
    options.logs = Some(folder.path().join(LOGS));
    let session = LoadSession {
        stack: Arc::clone(stack),
        provider,
        options,
        broadcast,
        idle,
        cancel: ending.clone(),
        note: |line| output::note(line),
    };
    let session = tokio::spawn(session.serve(requests));
    let watched = watch(stack, cancel).await;
    // What runs by hand is ended and judged as far as it went.
    ending.cancel();
    let _ = session.await;
    sampling.abort();
    watched
}

/// Where each published port is, as an address to connect to.
fn print_addresses(stack: &Stack, passwords: Passwords) {
    let shown = |url: &str| {
        let url = stack.reachable(url);
        if passwords == Passwords::Shown { url } else { credentials::hidden(&url) }
    };
    for node in stack.topology().nodes.values() {
        for inner in node.ports.iter().filter(|(_, published)| published.is_some()).map(|(inner, _)| inner) {
            if let Ok(address) = stack.address(node.name.as_str(), *inner) {
                output::tell(format_args!("  {:<15} {address}", node.name));
            }
        }
    }
    let topology = stack.topology();
    for (name, crate::stack::topology::StoreSpec::Mongodb { url, .. }) in &topology.stores {
        output::tell(format_args!("  store {name:<9} {}", shown(url)));
    }
    for (name, crate::stack::topology::QueueSpec::Amqp { url, .. }) in &topology.queues {
        output::tell(format_args!("  queue {name:<9} {}", shown(url)));
    }
    if passwords == Passwords::Hidden {
        output::tell("  passwords stand in the topology; `faultline up --show-passwords` prints them too");
    }
}

/// Until interrupted, or until a node dies.
async fn watch(stack: &Stack, cancel: &CancellationToken) -> Result<Exit, Failure> {
    let mut ticks = tokio::time::interval(Duration::from_millis(500));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = cancel.cancelled() => return Ok(Exit::Pass),
            _ = ticks.tick() => {}
        }
        for node in stack.topology().nodes.keys() {
            if let NodeState::Ended(how) | NodeState::Lost(how) = stack.provider().state(node) {
                let log = stack.provider().log_tail(node);
                return Err(Failure::unavailable(format!(
                    "node {node} died: {how}; the last lines of its log:\n{log}"
                )));
            }
        }
    }
}

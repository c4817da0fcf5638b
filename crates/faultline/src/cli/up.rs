//! `faultline up`: starts the system on its published ports, until Ctrl-C.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::arguments::{ProviderArgs, RunsArgs, TopologyArgs};
use super::exit::{Exit, Failure};
use super::proxy::ProxyApiArgs;
use super::ui::{Ui, UiArgs};
use super::{credentials, interrupt, output, runtime};
use crate::live::BetweenRuns;
use crate::live::session::LoadSession;
use crate::proxy::Registry;
use crate::runner::folder::LOGS;
use crate::runner::observe::usage;
use crate::runner::{ManualFaults, RunFolder, RunOptions};
use crate::scenario::manual;
use crate::stack::{Choice, NodeState, Ports, Stack, StackBuilder, Starting, Topology};

/// Arguments of `faultline up`.
#[derive(Debug, Args)]
pub struct Up {
    #[command(flatten)]
    provider: ProviderArgs,
    /// Keep the data of nodes that run as processes, in the folder of the run
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

/// Treatment of passwords in printed addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Passwords {
    Hidden,
    Shown,
}

impl Up {
    /// Runs the command until it is interrupted.
    ///
    /// # Errors
    /// A [`Failure`] if the system cannot be started, or a node dies.
    pub fn perform(self) -> Result<Exit, Failure> {
        let topology = self.topology.read()?;
        let folder = RunFolder::create(&self.runs.runs, "up", "up").map_err(Failure::unavailable)?;
        output::note(format_args!("run folder: {}", folder.path().display()));
        if self.keep {
            folder.keep_data().map_err(Failure::unavailable)?;
        }
        let result = runtime::start()?.block_on(async {
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
    let builder =
        StackBuilder::new(topology.clone()).choice(choice).ports(Ports::Published).registry(registry);
    let stack = Arc::new(builder.build(folder.run(), folder.path()).await?);
    output::note(format_args!("provider: {}", stack.provider_reason()));
    let begun = Instant::now();
    let show = |starting| {
        if let Starting::Ready(node, after) = starting {
            output::note(format_args!("  {node} ready after {:.1} s", after.as_secs_f64()));
        }
    };
    output::note(format_args!("starting {} nodes", topology.nodes.len()));
    let started = tokio::select! {
        started = stack.start(&show) => started,
        () = cancel.cancelled() => Ok(()),
    };
    let served = match started {
        Ok(()) if !cancel.is_cancelled() => {
            output::print_line(format_args!(
                "the system is ready after {:.1} s; Ctrl-C or `faultline down` ends it",
                begun.elapsed().as_secs_f64()
            ));
            print_addresses(&stack, passwords);
            match lab {
                Some((ui, runs)) => live(&stack, (folder, runs), ui, cancel).await,
                None => watch(&stack, cancel).await,
            }
        }
        Ok(()) => Ok(Exit::Interrupted),
        Err(error) => Err(error.into()),
    };
    output::note("stopping the system");
    stack.shutdown().await;
    served
}

/// Serves the live lab until interrupted, or until a node dies.
async fn live(
    stack: &Arc<Stack>,
    (folder, runs): (&RunFolder, PathBuf),
    ui: Ui,
    cancel: &CancellationToken,
) -> Result<Exit, Failure> {
    let rest = manual::rest("by-hand").ok_or_else(|| Failure::internal("no schedule without a load"))?;
    // A child, since the session also ends when a node dies, without an interrupt.
    let ending = cancel.child_token();
    let (sender, requests) = mpsc::channel(8);
    let broadcast = ui.serve(stack.topology().clone(), runs.clone(), Some(sender));
    let listener = Box::new(BetweenRuns(broadcast.clone()));
    let (idle, events) = ManualFaults::idle(stack, folder.path(), listener, rest.clone(), &ending)
        .map_err(Failure::unavailable)?;
    // Viewers may look before there is a load, so sampling starts with the system.
    let sampling = tokio::spawn(usage::sample(Arc::clone(stack), events));
    let mut options = RunOptions::new(stack.topology().clone(), rest, runs);
    options.watched = true;
    options.logs = Some(folder.path().join(LOGS));
    let session = LoadSession {
        stack: Arc::clone(stack),
        options,
        broadcast,
        idle,
        cancel: ending.clone(),
        note: |line| output::note(line),
    };
    let session = tokio::spawn(session.serve(requests));
    let watched = watch(stack, cancel).await;
    // A manual load ends here and is judged as far as it went.
    ending.cancel();
    let _ = session.await;
    sampling.abort();
    watched
}

/// Prints the address of each published port, store and queue.
fn print_addresses(stack: &Stack, passwords: Passwords) {
    let shown = |url: &str| {
        let url = stack.reachable(url);
        if passwords == Passwords::Shown { url } else { credentials::hidden(&url) }
    };
    for node in stack.topology().nodes.values() {
        for inner in node.ports.iter().filter(|(_, published)| published.is_some()).map(|(inner, _)| inner) {
            if let Ok(address) = stack.address(node.name.as_str(), *inner) {
                output::print_line(format_args!("  {:<15} {address}", node.name));
            }
        }
    }
    let topology = stack.topology();
    for (name, crate::stack::topology::StoreSpec::Mongodb { url, .. }) in &topology.stores {
        output::print_line(format_args!("  store {name:<9} {}", shown(url)));
    }
    for (name, crate::stack::topology::QueueSpec::Amqp { url, .. }) in &topology.queues {
        output::print_line(format_args!("  queue {name:<9} {}", shown(url)));
    }
    if passwords == Passwords::Hidden {
        output::print_line("  passwords are hidden; `faultline up --show-passwords` prints them");
    }
}

/// Waits until interrupted, or until a node dies.
async fn watch(stack: &Stack, cancel: &CancellationToken) -> Result<Exit, Failure> {
    let mut ticks = tokio::time::interval(Duration::from_millis(500));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = cancel.cancelled() => return Ok(Exit::Pass),
            _ = ticks.tick() => {}
        }
        for node in stack.topology().nodes.keys() {
            // A node that a manual fault killed or stopped is `Down`, so this is a death by itself.
            if let NodeState::Ended(how) | NodeState::Lost(how) = stack.provider().state(node) {
                let log = stack.provider().log_tail(node);
                return Err(Failure::unavailable(format!(
                    "node {node} died: {how}; the last lines of its log:\n{log}"
                )));
            }
        }
    }
}

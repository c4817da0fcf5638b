//! Proxy of a link beside no proxy, the simplest proxy, HAProxy and Toxiproxy, in turns. Client, proxy and origin are
//! processes that share this machine's cores.

mod api;
mod bandwidth;
mod burst;
mod delays;
mod idle;
mod origin;
mod pinger;
mod plain_copy;
mod subject;
mod throughput;

use std::process::{Command, ExitCode};
use std::time::Duration;

use benches::BenchError;
use clap::{Args, ValueEnum};

pub(crate) use api::Api;
use faultline::cli::output::note;
pub(crate) use origin::{Origin, OriginAddresses};
pub(crate) use pinger::Pinger;
pub(crate) use plain_copy::PlainCopy;
use subject::{KINDS, ProxyKind, Subject, WITH_TOXICS};
pub(crate) use subject::{faultline, origin};

use crate::rounds::Rounds;
use crate::session::{self, Notes};

/// The options of the verb.
#[derive(Args)]
pub(crate) struct ProxyVerb {
    /// Number of measurements of everything; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=20))]
    rounds: u8,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=60))]
    seconds: u8,
    /// Names of the only parts to run
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = ProxyPart::value_variants().to_vec())]
    only: Vec<ProxyPart>,
}

/// Part of the measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ProxyPart {
    /// Memory with idle connections
    Idle,
    /// Bytes, round trips and new connections
    Throughput,
    /// First answers when many clients come at once
    Burst,
    /// Accuracy of a latency
    Latency,
    /// Accuracy of a bandwidth
    Bandwidth,
}

impl ProxyVerb {
    pub(crate) fn perform(self) -> Result<ExitCode, BenchError> {
        session::alone("link", async |notes| {
            let here: Vec<ProxyKind> = KINDS.into_iter().filter(|kind| kind.is_here()).collect();
            for missing in KINDS.into_iter().filter(|kind| !kind.is_here()) {
                note(format_args!("{} is not on this machine and is left out", missing.name()));
            }
            note_versions(notes);
            // Kept to the end, since a process is killed when it is dropped.
            let (_origin, endpoints) = subject::origin(delays::LATENCY)?;
            let is_wanted = |part| self.only.contains(&part);
            let proxies =
                here.iter().filter(|kind| **kind != ProxyKind::Direct && is_wanted(ProxyPart::Idle));
            for kind in proxies {
                idle::measure(*kind, endpoints, notes).await?;
            }
            let time = Duration::from_secs(self.seconds.into());
            let mut subjects = Vec::new();
            for kind in &here {
                subjects.push(Subject::start(*kind, endpoints).await?);
            }
            let with_toxics: Vec<ProxyKind> =
                here.into_iter().filter(|kind| WITH_TOXICS.contains(kind)).collect();
            for kind in &with_toxics {
                subjects.push(Subject::start_with_toxics(*kind, endpoints).await?);
            }
            let mut measured = Rounds::default();
            for round in 1..=self.rounds {
                note(format_args!("round {round} of {}", self.rounds));
                for subject in subjects.iter().filter(|_| is_wanted(ProxyPart::Throughput)) {
                    throughput::measure(subject, time, &mut measured).await?;
                }
                for subject in subjects.iter().filter(|_| is_wanted(ProxyPart::Burst)) {
                    burst::measure(subject, &mut measured).await?;
                }
                if is_wanted(ProxyPart::Latency) {
                    delays::measure_direct(endpoints, time, &mut measured).await?;
                }
                for kind in &with_toxics {
                    if is_wanted(ProxyPart::Latency) {
                        delays::measure(*kind, endpoints, time, &mut measured).await?;
                    }
                    if is_wanted(ProxyPart::Bandwidth) {
                        bandwidth::measure(*kind, endpoints, &mut measured).await?;
                    }
                }
                // After each round, so that an interruption keeps the rounds until then.
                measured.note("link", notes);
            }
            Ok(())
        })
    }
}

/// Notes the versions of the other proxies.
fn note_versions(notes: &mut Notes) {
    for (kind, option) in [(ProxyKind::Haproxy, "-v"), (ProxyKind::Toxiproxy, "-version")] {
        let Some(program) = kind.program() else { continue };
        let Ok(output) = Command::new(program).arg(option).output() else { continue };
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        notes.fact(kind.name(), text.lines().next().unwrap_or("?"));
    }
}

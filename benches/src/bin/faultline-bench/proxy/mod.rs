//! The proxy of a link beside no proxy, the simplest one, and those that others have. Everything is measured in turns,
//! several rounds of them; client, proxy and origin are processes that share this machine's cores.

mod api;
mod bandwidth;
mod burst;
mod delays;
mod idle;
mod origin;
mod pinger;
mod plain_copy;
mod process;
mod subject;
mod throughput;

use std::process::{Command, ExitCode};
use std::time::Duration;

use benches::Failed;
use clap::{Args, ValueEnum};
use faultline::cli::output::note;

pub(crate) use api::Api;
pub(crate) use origin::{Doors, Origin};
pub(crate) use pinger::Pinger;
pub(crate) use plain_copy::PlainCopy;
pub(crate) use process::Process;
use subject::{KINDS, Kind, Subject, WITH_TOXICS};
pub(crate) use subject::{faultline, origin};

use crate::session::{self, Notes, Rounds};

/// The options of the verb.
#[derive(Args)]
pub(crate) struct Proxy {
    /// How often everything is measured; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=20))]
    rounds: u8,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=60))]
    seconds: u8,
    /// Only these
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Part::value_variants().to_vec())]
    only: Vec<Part>,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Memory with idle connections
    Idle,
    /// Bytes, round trips and new connections
    Throughput,
    /// First answers when many clients come at once
    Burst,
    /// How exact a latency is
    Latency,
    /// How exact a bandwidth is
    Bandwidth,
}

impl Proxy {
    pub(crate) fn perform(self) -> Result<ExitCode, Failed> {
        session::alone("link", async |notes| {
            let here: Vec<Kind> = KINDS.into_iter().filter(|kind| kind.is_here()).collect();
            for missing in KINDS.into_iter().filter(|kind| !kind.is_here()) {
                note(format_args!("{} is not on this machine and is left out", missing.name()));
            }
            note_versions(notes);
            let (_origin, doors) = subject::origin(delays::LATENCY)?;
            let is_wanted = |part| self.only.contains(&part);
            let proxies = here.iter().filter(|kind| **kind != Kind::Direct && is_wanted(Part::Idle));
            for kind in proxies {
                idle::measure(*kind, doors, notes).await?;
            }
            let time = Duration::from_secs(self.seconds.into());
            let mut subjects = Vec::new();
            for kind in &here {
                subjects.push(Subject::start(*kind, doors).await?);
            }
            let with_toxics: Vec<Kind> = here.into_iter().filter(|kind| WITH_TOXICS.contains(kind)).collect();
            for kind in &with_toxics {
                subjects.push(Subject::start_with_toxics(*kind, doors).await?);
            }
            let mut measured = Rounds::default();
            for round in 1..=self.rounds {
                note(format_args!("round {round} of {}", self.rounds));
                for subject in subjects.iter().filter(|_| is_wanted(Part::Throughput)) {
                    throughput::measure(subject, time, &mut measured).await?;
                }
                for subject in subjects.iter().filter(|_| is_wanted(Part::Burst)) {
                    burst::measure(subject, &mut measured).await?;
                }
                if is_wanted(Part::Latency) {
                    delays::measure_direct(doors, time, &mut measured).await?;
                }
                for kind in &with_toxics {
                    if is_wanted(Part::Latency) {
                        delays::measure(*kind, doors, time, &mut measured).await?;
                    }
                    if is_wanted(Part::Bandwidth) {
                        bandwidth::measure(*kind, doors, &mut measured).await?;
                    }
                }
                measured.note("link", notes);
            }
            Ok(())
        })
    }
}

/// What the others are.
fn note_versions(notes: &mut Notes) {
    for (kind, option) in [(Kind::Haproxy, "-v"), (Kind::Toxiproxy, "-version")] {
        let Some(program) = kind.program() else { continue };
        let Ok(told) = Command::new(program).arg(option).output() else { continue };
        let told = String::from_utf8_lossy(&told.stdout).into_owned();
        notes.fact(kind.name(), told.lines().next().unwrap_or("?"));
    }
}

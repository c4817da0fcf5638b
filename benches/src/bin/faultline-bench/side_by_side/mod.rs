//! Services beside bare servers, wrk beside this bench, and the system with proxies beside the system without. All of them
//! take turns, several rounds long: a machine that is slower for a while is so for both sides of a ratio.

mod grpc;
mod ping;
mod proxies;
mod server;
mod wrk;

use std::process::ExitCode;
use std::time::Duration;

use benches::side_by_side::PREFIX;
use benches::{BenchError, RunningSystem};
use clap::{Args, ValueEnum};

use crate::rounds::Rounds;
use crate::session::{self, Notes, SystemPlan};
use faultline::cli::output::note;
use grpc::Grpc;
use ping::Ping;
use proxies::Proxies;

/// The options of the verb.
#[derive(Args)]
pub(crate) struct SideBySideVerb {
    /// Number of measurements of each server; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=20))]
    rounds: u8,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=60))]
    seconds: u8,
    /// Names of the only parts to run
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = SideBySidePart::value_variants().to_vec())]
    only: Vec<SideBySidePart>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SideBySidePart {
    /// Pings of the broker, of bare HTTP servers, and by wrk
    Ping,
    /// Calls of the logger and of a bare gRPC server
    Grpc,
    /// Entries by log-grpc through the proxies of `faultline up`, and directly
    Proxies,
}

impl SideBySideVerb {
    pub(crate) fn perform(self) -> Result<ExitCode, BenchError> {
        // Both systems run at the same time, so that their turns are seconds apart; the idle one costs next to nothing.
        let mut plans = vec![SystemPlan::default()];
        if self.only.contains(&SideBySidePart::Proxies) {
            plans.push(SystemPlan { proxied: true, ..SystemPlan::default() });
        }
        session::on_systems(PREFIX, plans, async |systems, notes| self.measure(systems, notes).await)
    }

    async fn measure(&self, systems: &[RunningSystem], notes: &mut Notes) -> Result<(), BenchError> {
        let direct = systems.first().ok_or("expected a system, found none")?;
        let time = Duration::from_secs(self.seconds.into());
        let wants = |part| self.only.contains(&part);
        let ping = if wants(SideBySidePart::Ping) { Some(Ping::start(direct, time, notes)?) } else { None };
        let grpc = if wants(SideBySidePart::Grpc) { Some(Grpc::start(direct, time, notes)?) } else { None };
        let proxies = match systems {
            [direct, proxied] => Some(Proxies::new(direct, proxied, time)?),
            _ => None,
        };
        let mut rounds = Rounds::default();
        for round in 1..=self.rounds {
            note(format_args!("round {round} of {}", self.rounds));
            if let Some(ping) = &ping {
                ping.round(&mut rounds).await?;
            }
            if let Some(grpc) = &grpc {
                grpc.round(&mut rounds).await?;
            }
            if let Some(proxies) = &proxies {
                proxies.round(&mut rounds).await?;
            }
            // After each round, so that an interruption keeps the rounds until then.
            rounds.note(PREFIX, notes);
        }
        Ok(())
    }
}

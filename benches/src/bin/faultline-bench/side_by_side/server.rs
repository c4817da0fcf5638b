//! Server that is measured: a node of the system, or a reference, which is a process of its own.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use benches::closed::{self, Caller, Until};
use benches::side_by_side::GO;
use benches::{BenchError, RunningSystem};

use crate::folder;
use crate::process::{MeasuredProcess, on_path};
use crate::rounds::Rounds;
use crate::session::Notes;

/// Connections, or calls in flight, of every measurement.
pub(super) const CONNECTIONS: usize = 64;

/// Server with the name that its figures begin with.
pub(super) struct MeasuredServer<'a> {
    pub(super) name: &'static str,
    pub(super) address: SocketAddr,
    program: MeasuredProgram<'a>,
}

/// Program whose CPU time counts.
enum MeasuredProgram<'a> {
    Node(&'a RunningSystem, &'static str),
    Reference(MeasuredProcess),
}

/// Figures of one measurement.
#[derive(Debug, Clone, Copy)]
pub(super) struct ServerSample {
    /// Requests per second.
    pub(super) rate: f64,
    /// CPU seconds, user and system, of 1,000 requests.
    pub(super) cpu: f64,
}

impl<'a> MeasuredServer<'a> {
    /// Node of a system.
    pub(super) fn node(
        name: &'static str,
        system: &'a RunningSystem,
        node: &'static str,
        port: u16,
    ) -> Result<Self, BenchError> {
        Ok(Self { name, address: system.address(node, port)?, program: MeasuredProgram::Node(system, node) })
    }

    /// Bare hyper server: this program, as a process of its own.
    pub(super) fn hyper(name: &'static str) -> Result<Self, BenchError> {
        // A process of its own, since the CPU time of the callers would count too.
        Self::reference(name, Command::new(std::env::current_exe()?).args(["reference", "hyper"]))
    }

    /// Server in Go, which `scripts/bench` builds; none, with a fact that says why, where there is no Go.
    pub(super) fn go(
        name: &'static str,
        program: &str,
        notes: &mut Notes,
    ) -> Result<Option<Self>, BenchError> {
        let file = folder::references().join(program);
        if !file.exists() {
            let built = on_path("go").is_some();
            notes.fact(GO, if built { "not built: `scripts/bench` builds it" } else { "not installed" });
            return Ok(None);
        }
        notes.fact(GO, &go_version().unwrap_or_else(|| "of unknown version".to_owned()));
        Self::reference(name, &mut Command::new(file)).map(Some)
    }

    fn reference(name: &'static str, command: &mut Command) -> Result<Self, BenchError> {
        let (process, line) = MeasuredProcess::start_and_read_line(command)?;
        Ok(Self { name, address: line.trim().parse()?, program: MeasuredProgram::Reference(process) })
    }

    /// CPU time until now.
    pub(super) fn cpu(&self) -> Result<Duration, BenchError> {
        match &self.program {
            MeasuredProgram::Node(system, node) => system.cpu(node),
            MeasuredProgram::Reference(process) => process.cpu(),
        }
    }

    /// Measures callers that `connect` opens to its address, adds the figures to a round, and returns them.
    pub(super) async fn measure<C: Caller, F: Future<Output = Result<Vec<C>, BenchError>>>(
        &self,
        connect: impl FnOnce(SocketAddr) -> F + Send + 'static,
        time: Duration,
        rounds: &mut Rounds,
    ) -> Result<ServerSample, BenchError> {
        // The connections are opened within the measurement; 64 of them vanish beside its requests.
        let (before, address) = (self.cpu()?, self.address);
        let lap = closed::run_on_one_thread(move || connect(address), Until::Time(time)).await?;
        let used = self.cpu()?.saturating_sub(before);
        rounds.add(&format!("{}, p99", self.name), "ms", lap.millis(0.99));
        let sample =
            ServerSample { rate: lap.rate(), cpu: used.as_secs_f64() * 1000.0 / lap.done.count() as f64 };
        sample.add(self.name, rounds);
        Ok(sample)
    }
}

impl ServerSample {
    /// Adds the figures to a round.
    pub(super) fn add(self, name: &str, rounds: &mut Rounds) {
        rounds.add(&format!("{name}, rate"), "/s", self.rate);
        rounds.add(&format!("{name}, cpu"), "s", self.cpu);
    }
}

/// Version of Go, such as `go1.26.8`.
fn go_version() -> Option<String> {
    let output = Command::new("go").arg("version").output().ok()?;
    String::from_utf8_lossy(&output.stdout).split_whitespace().nth(2).map(str::to_owned)
}

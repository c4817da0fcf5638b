//! wrk, the load generator that a stranger has, with the same ping: it shows whether the figures of this bench hold.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use benches::BenchError;
use tempfile::TempDir;
use tokio::process::Command;

use crate::process::on_path;

/// Request of a ping; wrk sends GET without it.
const SCRIPT: &str = "wrk.method = \"POST\"\nwrk.body = \"{}\"\n\
                      wrk.headers[\"Content-Type\"] = \"application/json\"\n";

/// wrk on PATH.
pub(super) struct Wrk {
    program: PathBuf,
    version: String,
    folder: TempDir,
}

/// Figures that wrk prints.
#[derive(Debug, PartialEq)]
pub(super) struct Summary {
    /// Requests per second.
    pub(super) rate: f64,
    /// Requests in all.
    pub(super) requests: u64,
}

impl Wrk {
    /// Finds wrk; none where it is not installed.
    pub(super) fn find() -> Result<Option<Self>, BenchError> {
        let Some(program) = on_path("wrk") else { return Ok(None) };
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("ping.lua"), SCRIPT)?;
        // wrk prints its version and then exits with 1, so only the output counts.
        let output = std::process::Command::new(&program).arg("-v").output()?;
        let line = String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned();
        let version = line.split(" [").next().unwrap_or_default().to_owned();
        Ok(Some(Self { program, version, folder }))
    }

    /// Version, as wrk prints it.
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// Pings a server by one thread.
    pub(super) async fn run(
        &self,
        server: SocketAddr,
        connections: usize,
        time: Duration,
    ) -> Result<Summary, BenchError> {
        let mut command = Command::new(&self.program);
        // One thread: with more, wrk would take the cores that the server needs.
        command.arg("-t1").arg(format!("-c{connections}")).arg(format!("-d{}s", time.as_secs()));
        command.arg("-s").arg(self.folder.path().join("ping.lua")).arg(format!("http://{server}/"));
        // An interrupted bench must not leave it running.
        let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await?;
        Summary::parse(&String::from_utf8_lossy(&output.stdout))
    }
}

impl Summary {
    fn parse(output: &str) -> Result<Self, BenchError> {
        let unexpected = || format!("wrk: expected a summary without errors, found:\n{output}");
        // wrk exits with 0 whatever the answers were.
        let bad = ["Non-2xx or 3xx responses", "Socket errors"];
        if bad.iter().any(|line| output.contains(line)) {
            return Err(unexpected().into());
        }
        let rate = output.lines().find_map(|line| line.strip_prefix("Requests/sec:")?.trim().parse().ok());
        let requests =
            output.lines().find_map(|line| line.split_once(" requests in ")?.0.trim().parse().ok());
        match (rate, requests) {
            (Some(rate), Some(requests)) => Ok(Self { rate, requests }),
            _ => Err(unexpected().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
Running 5s test @ http://127.0.0.1:8080/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     0.91ms  310.20us  12.88ms   88.30%
    Req/Sec    70.32k     2.11k   73.90k    74.00%
  349866 requests in 5.00s, 58.05MB read
Requests/sec:  69968.72
Transfer/sec:     11.61MB
";

    #[test]
    fn rate_and_number_are_read_and_errors_are_not_taken_for_answers() {
        assert_eq!(Summary::parse(OUTPUT).unwrap(), Summary { rate: 69_968.72, requests: 349_866 });
        for error in ["  Non-2xx or 3xx responses: 349866\n", "  Socket errors: connect 0, read 3\n"] {
            assert!(Summary::parse(&format!("{OUTPUT}{error}")).is_err());
        }
        assert!(Summary::parse("").is_err());
    }
}

//! A process that is measured: started, watched, and killed when it is no longer needed.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use benches::Failed;
use faultline::stack::tree;

/// How long a process may take to serve.
const SERVES_WITHIN: Duration = Duration::from_secs(10);

/// A process; killed when dropped.
pub(crate) struct Process(Child);

impl Process {
    /// Starts a program whose output nobody reads.
    pub(super) fn start(command: &mut Command) -> Result<Self, Failed> {
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Ok(Self(child.map_err(|error| format!("{program}: {error}"))?))
    }

    /// Starts a program that tells on its first line where it serves; that line.
    pub(crate) fn start_telling(command: &mut Command) -> Result<(Self, String), Failed> {
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn();
        let mut process = Self(child.map_err(|error| format!("{program}: {error}"))?);
        let mut line = String::new();
        if let Some(output) = process.0.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        if line.is_empty() {
            return Err(format!("{program} ended at once").into());
        }
        Ok((process, line))
    }

    /// CPU time that it has used until now.
    pub(crate) fn cpu(&self) -> Result<Duration, Failed> {
        Ok(tree::cpu(self.0.id())?)
    }

    /// Its resident memory, in MiB.
    pub(crate) fn memory(&self) -> Result<f64, Failed> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let resident =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
        Ok(resident.ok_or("the kernel does not tell the memory of a process")?.parse::<f64>()? / 1024.0)
    }

    /// Descriptors that it has open.
    pub(crate) fn descriptors(&self) -> Result<usize, Failed> {
        Ok(std::fs::read_dir(format!("/proc/{}/fd", self.0.id()))?.count())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A program that is built beside this one.
pub(crate) fn beside(name: &str) -> Result<PathBuf, Failed> {
    let program = std::env::current_exe()?.with_file_name(name);
    if !program.exists() {
        return Err(format!("{} is missing: `scripts/bench` builds it", program.display()).into());
    }
    Ok(program)
}

/// A port that is free now.
pub(super) fn free_port() -> Result<SocketAddr, Failed> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// Waits until somebody listens.
pub(super) async fn wait_for(address: SocketAddr) -> Result<(), Failed> {
    let begun = Instant::now();
    while tokio::net::TcpStream::connect(address).await.is_err() {
        if begun.elapsed() > SERVES_WITHIN {
            return Err(format!("nobody listens at {address}").into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

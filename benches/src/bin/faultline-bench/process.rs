//! Process that is measured: started, watched, and killed when it is no longer needed.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use benches::BenchError;
use faultline::stack::tree;

/// Time in which a process must listen.
const LISTENS_WITHIN: Duration = Duration::from_secs(10);

/// Process; killed when dropped.
pub(crate) struct MeasuredProcess(Child);

impl MeasuredProcess {
    /// Starts a program whose output nobody reads.
    pub(crate) fn start(command: &mut Command) -> Result<Self, BenchError> {
        let program = command.get_program().to_string_lossy().into_owned();
        // No pipes: one that nobody reads fills up, and the program stops at it.
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Ok(Self(child.map_err(|error| format!("{program}: {error}"))?))
    }

    /// Starts a program that prints its address, and returns the first line of its output.
    pub(crate) fn start_and_read_line(command: &mut Command) -> Result<(Self, String), BenchError> {
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn();
        let mut process = Self(child.map_err(|error| format!("{program}: {error}"))?);
        let mut line = String::new();
        // The line comes when the program listens, so nobody has to poll for that.
        if let Some(output) = process.0.stdout.take() {
            // The pipe is closed here. A program gets EPIPE for a second line, and one in Go ends by that.
            BufReader::new(output).read_line(&mut line)?;
        }
        if line.is_empty() {
            return Err(format!("{program}: expected a line with an address, found the end").into());
        }
        Ok((process, line))
    }

    /// CPU time, user and system, that it has used until now.
    pub(crate) fn cpu(&self) -> Result<Duration, BenchError> {
        Ok(tree::cpu(self.0.id())?)
    }

    /// Resident memory in MiB.
    pub(crate) fn memory(&self) -> Result<f64, BenchError> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let resident =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
        Ok(resident.ok_or("the kernel does not report the memory of a process")?.parse::<f64>()? / 1024.0)
    }

    /// Number of open descriptors.
    pub(crate) fn descriptors(&self) -> Result<usize, BenchError> {
        Ok(std::fs::read_dir(format!("/proc/{}/fd", self.0.id()))?.count())
    }
}

impl Drop for MeasuredProcess {
    fn drop(&mut self) {
        // An error means that the process has ended by itself.
        let _ = self.0.kill();
        // Else it would stay a zombie until the bench ends.
        let _ = self.0.wait();
    }
}

/// Program that is built beside this one.
pub(crate) fn beside(name: &str) -> Result<PathBuf, BenchError> {
    // The same profile as this program, whatever target directory cargo uses.
    let program = std::env::current_exe()?.with_file_name(name);
    if !program.exists() {
        return Err(format!("{} is missing: `scripts/bench` builds it", program.display()).into());
    }
    Ok(program)
}

/// Program on PATH.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Address with a port that is free now.
pub(crate) fn free_port() -> Result<SocketAddr, BenchError> {
    // Closed at once, so another program may take it: those that need it can't choose one and print it.
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// Waits until somebody listens.
pub(crate) async fn wait_for(address: SocketAddr) -> Result<(), BenchError> {
    let begun = Instant::now();
    while tokio::net::TcpStream::connect(address).await.is_err() {
        if begun.elapsed() > LISTENS_WITHIN {
            return Err(format!("{address}: expected a server within {LISTENS_WITHIN:?}, found none").into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

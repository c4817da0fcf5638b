//! Slowest first answer when many clients come at once: the worst case of a proxy that overruns the server behind it.

use std::time::{Duration, Instant};

use benches::BenchError;

use super::pinger::Pinger;
use super::subject::Subject;
use crate::rounds::Rounds;

/// Clients that come at once.
const CLIENTS: usize = 1_000;

/// Measures the time from the connect to the first answer.
pub(super) async fn measure(subject: &Subject, rounds: &mut Rounds) -> Result<(), BenchError> {
    let address = subject.endpoints.echo;
    let client = || async move {
        let begun = Instant::now();
        let pinger = Pinger::connect(address).await?;
        Ok::<_, BenchError>((pinger, begun.elapsed()))
    };
    let clients: Vec<_> = (0..CLIENTS).map(|_| tokio::spawn(client())).collect();
    let mut slowest = Duration::ZERO;
    // All stay connected until the last one has its answer.
    let mut connected = Vec::with_capacity(CLIENTS);
    for client in clients {
        let (pinger, time) = client.await??;
        slowest = slowest.max(time);
        connected.push(pinger);
    }
    let name = format!("{}: first answer of {CLIENTS} clients at once, max", subject.name);
    rounds.add(&name, "ms", slowest.as_secs_f64() * 1000.0);
    Ok(())
}

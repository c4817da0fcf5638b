//! Accuracy of a latency toxic, beside an origin that delays by itself, which shows the machine's own noise.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use benches::BenchError;
use faultline::measure::latency::Latency;
use serde_json::json;

use super::origin::OriginAddresses;
use super::pinger::Pinger;
use super::subject::{ProxyKind, Subject};
use crate::rounds::Rounds;

/// Latency of the toxic, in milliseconds.
pub(super) const LATENCY: u64 = 100;

/// Latency and jitter of the toxic with jitter, in milliseconds.
const JITTERY: (u64, u64) = (50, 20);

/// Connections of each measurement.
pub(super) const CONNECTIONS: [usize; 2] = [10, 1_000];

/// Measures the origin that delays by itself, without a proxy.
pub(super) async fn measure_direct(
    origin: OriginAddresses,
    time: Duration,
    rounds: &mut Rounds,
) -> Result<(), BenchError> {
    for connections in CONNECTIONS {
        let latency = trips(origin.slow, connections, time, LATENCY).await?;
        add(rounds, &format!("direct: latency {LATENCY} ms, {connections} connected"), &latency);
    }
    Ok(())
}

/// Measures a toxic of the same latency, and one with jitter.
pub(super) async fn measure(
    kind: ProxyKind,
    origin: OriginAddresses,
    time: Duration,
    rounds: &mut Rounds,
) -> Result<(), BenchError> {
    let subject = Subject::start(kind, origin).await?;
    subject.add_to_all("latency", "downstream", &json!({ "latency": LATENCY })).await?;
    for connections in CONNECTIONS {
        let latency = trips(subject.endpoints.echo, connections, time, LATENCY).await?;
        add(rounds, &format!("{}: latency {LATENCY} ms, {connections} connected", subject.name), &latency);
    }
    let subject = Subject::start(kind, origin).await?;
    let (latency, jitter) = JITTERY;
    let attributes = json!({ "latency": latency, "jitter": jitter });
    subject.add_to_all("latency", "downstream", &attributes).await?;
    for connections in CONNECTIONS {
        let measured = trips(subject.endpoints.echo, connections, time, latency).await?;
        let name = format!("{}: latency {latency}±{jitter} ms, {connections} connected", subject.name);
        add(rounds, &name, &measured);
        rounds.add(&format!("{name}, p1"), "ms", millis(&measured, 0.01));
    }
    Ok(())
}

fn add(rounds: &mut Rounds, name: &str, latency: &Latency) {
    rounds.add(&format!("{name}, mean"), "ms", latency.mean().unwrap_or(0.0) / 1000.0);
    rounds.add(&format!("{name}, p99"), "ms", millis(latency, 0.99));
    // A stall of a few connections does not show in the percentile.
    rounds.add(&format!("{name}, max"), "ms", millis(latency, 1.0));
}

fn millis(latency: &Latency, quantile: f64) -> f64 {
    latency.quantile(quantile).unwrap_or(0) as f64 / 1000.0
}

/// Measures round trips on several connections, which begin one after the other within one latency: if they began
/// together, they would wait for each other and not for the toxic.
async fn trips(
    address: SocketAddr,
    connections: usize,
    time: Duration,
    latency: u64,
) -> Result<Latency, BenchError> {
    let connecting: Vec<_> = (0..connections).map(|_| tokio::spawn(Pinger::connect(address))).collect();
    let mut pingers = Vec::with_capacity(connections);
    for connecting in connecting {
        pingers.push(connecting.await??);
    }
    let begun = Instant::now();
    let spread = Duration::from_millis(latency);
    let work = |(number, pinger): (usize, Pinger)| {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let first = begun + spread * number / u32::try_from(connections).unwrap_or(1);
        tokio::spawn(keep_pinging(pinger, first, begun + time))
    };
    let tasks: Vec<_> = pingers.into_iter().enumerate().map(work).collect();
    let mut all = Latency::fine();
    for task in tasks {
        all.add(&task.await??);
    }
    Ok(all)
}

async fn keep_pinging(mut pinger: Pinger, first: Instant, until: Instant) -> Result<Latency, BenchError> {
    let mut latency = Latency::fine();
    tokio::time::sleep_until(first.into()).await;
    while Instant::now() < until {
        let sent = Instant::now();
        pinger.ping().await?;
        latency.record(u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
    Ok(latency)
}

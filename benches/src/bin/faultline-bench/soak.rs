//! Proxy of a link for a long time, under load on old and new connections, with toxics of every kind that come, change
//! and go at random. Its resources when idle at the end are compared with those after the first minute, to find leaks.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use benches::BenchError;
use clap::Args;
use faultline_toxics::KINDS;
use hyper::Method;
use serde_json::{Map, Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::process::MeasuredProcess;
use crate::proxy::{Api, OriginAddresses, Pinger, faultline, origin};
use crate::session::{self, Notes};

/// Time of load before the first measurement.
const WARM_UP: Duration = Duration::from_secs(60);

/// Connections with round trips.
const PINGERS: usize = 16;

/// Connections that only read.
const READERS: usize = 4;

/// Time after which a client gives a connection up: some toxics never let anything through.
const TIMEOUT: Duration = Duration::from_millis(500);

/// Time without clients before a measurement, in which connections end that a toxic holds.
const IDLE: Duration = Duration::from_secs(5);

/// The options of the verb.
#[derive(Args)]
pub(crate) struct SoakVerb {
    /// Minutes of load, after the first that is not counted
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1440))]
    minutes: u16,
    /// Seed of the changes of the toxics
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Resources of the proxy, and the number of connections until now.
#[derive(Debug, Clone, Copy)]
struct Resources {
    memory: f64,
    descriptors: usize,
    tasks: u64,
    open: u64,
    connections: u64,
}

/// Proxy under load.
struct SoakBench {
    process: MeasuredProcess,
    api: Api,
    endpoints: [SocketAddr; 2],
}

/// Links that are loaded.
const LINKS: [&str; 2] = ["echo", "source"];

impl SoakVerb {
    pub(crate) fn perform(self) -> Result<ExitCode, BenchError> {
        session::alone("soak", async |notes| {
            let (_origin, endpoints) = origin(0)?;
            let bench = SoakBench::start(endpoints).await?;
            // Never 0, where xorshift stays for ever. So seeds 2 and 3 give the same soak.
            let mut random = XorShift(self.seed | 1);
            let edits = bench.load(WARM_UP, &mut random).await?;
            let first = bench.idle_resources().await?;
            note(notes, "after the first minute", first, edits);
            let edits =
                edits + bench.load(Duration::from_secs(60) * self.minutes.into(), &mut random).await?;
            let last = bench.idle_resources().await?;
            note(notes, &format!("after {} minutes more", self.minutes), last, edits);
            // Memory is left out: allocators keep what they once had.
            if (last.descriptors, last.tasks, last.open) != (first.descriptors, first.tasks, first.open) {
                return Err(format!("resources: expected {first:?}, found {last:?}").into());
            }
            Ok(())
        })
    }
}

fn note(notes: &mut Notes, when: &str, resources: Resources, edits: u64) {
    for (what, value, unit) in [
        ("memory", resources.memory, "MiB"),
        ("descriptors", resources.descriptors as f64, ""),
        ("tasks", resources.tasks as f64, ""),
        ("connections open", resources.open as f64, ""),
        ("connections until then", resources.connections as f64, ""),
        ("edits of toxics until then", edits as f64, ""),
    ] {
        notes.add(&format!("soak/{when}: {what}"), value, unit);
    }
}

impl SoakBench {
    async fn start(behind: OriginAddresses) -> Result<Self, BenchError> {
        let (process, api) = faultline()?;
        let api = Api(api);
        let endpoints =
            [api.create(LINKS[0], behind.echo).await?, api.create(LINKS[1], behind.source).await?];
        Ok(Self { process, api, endpoints })
    }

    /// Loads both links and edits their toxics; returns the number of edits.
    async fn load(&self, time: Duration, random: &mut XorShift) -> Result<u64, BenchError> {
        let mut clients = JoinSet::new();
        let [echo, source] = self.endpoints;
        for _ in 0..PINGERS {
            clients.spawn(keep_pinging(echo));
        }
        for _ in 0..READERS {
            clients.spawn(keep_reading(source));
        }
        let (begun, mut edits) = (Instant::now(), 0);
        while begun.elapsed() < time {
            self.edit(random).await?;
            edits += 1;
            tokio::time::sleep(Duration::from_millis(random.below(40))).await;
        }
        // Without clients first, so that no connection waits at a toxic that the reset removes.
        clients.shutdown().await;
        self.api.ask(Method::POST, "/reset", &Value::Null).await?;
        Ok(edits)
    }

    /// Adds a toxic of any kind, changes one or removes one; at times disables and enables a proxy.
    async fn edit(&self, random: &mut XorShift) -> Result<(), BenchError> {
        let link = LINKS[random.index(LINKS.len())];
        if random.below(50) == 0 {
            let path = format!("/proxies/{link}");
            for enabled in [false, true] {
                self.api.ask(Method::POST, &path, &json!({ "enabled": enabled })).await?;
            }
            return Ok(());
        }
        let path = format!("/proxies/{link}/toxics");
        let toxics = self.api.ask(Method::GET, &path, &Value::Null).await?;
        let toxics = toxics.as_array().ok_or("toxics: expected a list, found none")?;
        if toxics.len() >= 3 || (!toxics.is_empty() && random.below(2) == 0) {
            let toxic = &toxics[random.index(toxics.len())];
            let name = toxic["name"].as_str().ok_or("toxic: expected a name, found none")?;
            if random.below(3) == 0 {
                let attributes = draw(&toxic["attributes"], random);
                let path = format!("{path}/{name}");
                return self
                    .api
                    .ask(Method::POST, &path, &json!({ "attributes": attributes }))
                    .await
                    .map(drop);
            }
            return self.api.remove(link, name).await;
        }
        let spec = KINDS[random.index(KINDS.len())];
        let stream = ["upstream", "downstream"][random.index(2)];
        // The API answers 409 to a second toxic of the same name.
        if toxics.iter().any(|toxic| toxic["name"] == format!("{}_{stream}", spec.name)) {
            return Ok(());
        }
        let zeros = spec.attributes.iter().map(|attribute| (attribute.name.to_owned(), json!(0)));
        let attributes = draw(&Value::Object(zeros.collect()), random);
        let toxicity = [0.5, 1.0][random.index(2)];
        let toxic =
            json!({ "type": spec.name, "stream": stream, "toxicity": toxicity, "attributes": attributes });
        self.api.add(link, &toxic).await
    }

    /// Resources when no client is connected.
    async fn idle_resources(&self) -> Result<Resources, BenchError> {
        tokio::time::sleep(IDLE).await;
        // Before any request to the API: each is a connection of its own, which may take a moment to end.
        let (memory, descriptors) = (self.process.memory()?, self.process.descriptors()?);
        let tasks = self.api.tasks().await?;
        let (mut open, mut connections) = (0, 0);
        let proxies = self.api.ask(Method::GET, "/proxies", &Value::Null).await?;
        for link in LINKS {
            let counters = &proxies[link]["counters"];
            let count = |what: &str| counters[what].as_u64().ok_or("proxy: expected counters, found none");
            open += count("open")?;
            connections += count("accepted")?;
        }
        Ok(Resources { memory, descriptors, tasks, open, connections })
    }
}

/// Draws a value for every attribute: small times, sizes and rates, with which a soak goes on.
fn draw(attributes: &Value, random: &mut XorShift) -> Value {
    let names = attributes.as_object().into_iter().flatten().map(|(name, _)| name.clone());
    let drawn: Map<String, Value> = names.map(|name| (name, json!(random.below(200)))).collect();
    Value::Object(drawn)
}

/// Makes round trips, with a new connection whenever one ends or nothing arrives.
async fn keep_pinging(address: SocketAddr) {
    loop {
        if let Ok(Ok(mut pinger)) = timeout(TIMEOUT, Pinger::connect(address)).await {
            while matches!(timeout(TIMEOUT, pinger.ping()).await, Ok(Ok(()))) {}
        }
        // A proxy that refuses at once would make this a busy loop.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Reads for a while, with a new connection whenever one ends or nothing arrives.
async fn keep_reading(address: SocketAddr) {
    let mut buffer = vec![0; 256 * 1024];
    loop {
        if let Ok(mut stream) = TcpStream::connect(address).await {
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_secs(2) {
                match timeout(TIMEOUT, stream.read(&mut buffer)).await {
                    Ok(Ok(read)) if read > 0 => {}
                    _ => break,
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Random numbers by xorshift64 (Marsaglia, 2003); the same seed gives the same numbers.
// An own generator of three lines, so that a seed gives the same soak whatever version of a library is used.
struct XorShift(u64);

impl XorShift {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or(0)
    }
}

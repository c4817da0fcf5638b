//! The proxy of a link for a long time: under load on connections old and new, with toxics of every kind that come,
//! change and go at random. What it holds at rest at the end is set against what it held after the first minute.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use benches::Failed;
use clap::Args;
use faultline_toxics::KINDS;
use hyper::Method;
use serde_json::{Map, Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::proxy::{Api, Doors, Pinger, Process, faultline, origin};
use crate::session::{self, Notes};

/// Load until what is held is measured for the first time.
const WARM_UP: Duration = Duration::from_secs(60);

/// Connections with round trips, and those that only read.
const PINGERS: usize = 16;
const DRINKERS: usize = 4;

/// How long a client waits before it gives a connection up: some toxics never let anything through.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long nobody is connected before what is held is measured: connections that a toxic holds end within that.
const REST: Duration = Duration::from_secs(5);

/// The options of the verb.
#[derive(Args)]
pub(crate) struct Soak {
    /// Minutes of load, after the first that is not counted
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1440))]
    minutes: u16,
    /// Seed of what is done to the toxics
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What the proxy holds, and what it has done.
#[derive(Debug, Clone, Copy)]
struct Held {
    memory: f64,
    descriptors: usize,
    tasks: u64,
    open: u64,
    connections: u64,
}

/// The proxy, and those in front of it and behind it.
struct Bench {
    process: Process,
    api: Api,
    doors: [SocketAddr; 2],
}

/// The links that are loaded.
const LINKS: [&str; 2] = ["echo", "source"];

impl Soak {
    pub(crate) fn perform(self) -> Result<ExitCode, Failed> {
        session::alone("soak", async |notes| {
            let (_origin, doors) = origin(0)?;
            let bench = Bench::start(doors).await?;
            let mut dice = Dice(self.seed | 1);
            let edits = bench.load(WARM_UP, &mut dice).await?;
            let first = bench.at_rest().await?;
            note(notes, "after the first minute", first, edits);
            let edits = edits + bench.load(Duration::from_secs(60) * self.minutes.into(), &mut dice).await?;
            let last = bench.at_rest().await?;
            note(notes, &format!("after {} minutes more", self.minutes), last, edits);
            if (last.descriptors, last.tasks, last.open) != (first.descriptors, first.tasks, first.open) {
                return Err("the proxy holds more than it did".into());
            }
            Ok(())
        })
    }
}

fn note(notes: &mut Notes, when: &str, held: Held, edits: u64) {
    for (what, value, unit) in [
        ("memory", held.memory, "MiB"),
        ("descriptors", held.descriptors as f64, ""),
        ("tasks", held.tasks as f64, ""),
        ("connections open", held.open as f64, ""),
        ("connections until then", held.connections as f64, ""),
        ("edits of toxics until then", edits as f64, ""),
    ] {
        notes.add(&format!("soak/{when}: {what}"), value, unit);
    }
}

impl Bench {
    async fn start(behind: Doors) -> Result<Self, Failed> {
        let (process, api) = faultline()?;
        let api = Api(api);
        let doors = [api.create(LINKS[0], behind.echo).await?, api.create(LINKS[1], behind.source).await?];
        Ok(Self { process, api, doors })
    }

    /// Loads both links and edits their toxics; how often they were edited.
    async fn load(&self, time: Duration, dice: &mut Dice) -> Result<u64, Failed> {
        let mut clients = JoinSet::new();
        let [echo, source] = self.doors;
        for _ in 0..PINGERS {
            clients.spawn(keep_pinging(echo));
        }
        for _ in 0..DRINKERS {
            clients.spawn(keep_drinking(source));
        }
        let (begun, mut edits) = (Instant::now(), 0);
        while begun.elapsed() < time {
            self.edit(dice).await?;
            edits += 1;
            tokio::time::sleep(Duration::from_millis(dice.below(40))).await;
        }
        clients.shutdown().await;
        self.api.ask(Method::POST, "/reset", &Value::Null).await?;
        Ok(edits)
    }

    /// Adds a toxic of any kind, changes one or removes one; at times cuts a link, or mends it.
    async fn edit(&self, dice: &mut Dice) -> Result<(), Failed> {
        let link = LINKS[dice.index(LINKS.len())];
        if dice.below(50) == 0 {
            let path = format!("/proxies/{link}");
            for enabled in [false, true] {
                self.api.ask(Method::POST, &path, &json!({ "enabled": enabled })).await?;
            }
            return Ok(());
        }
        let path = format!("/proxies/{link}/toxics");
        let toxics = self.api.ask(Method::GET, &path, &Value::Null).await?;
        let toxics = toxics.as_array().ok_or("toxics are no list")?;
        if toxics.len() >= 3 || (!toxics.is_empty() && dice.below(2) == 0) {
            let toxic = &toxics[dice.index(toxics.len())];
            let name = toxic["name"].as_str().ok_or("a toxic has no name")?;
            if dice.below(3) == 0 {
                let attributes = shaken(&toxic["attributes"], dice);
                let path = format!("{path}/{name}");
                return self
                    .api
                    .ask(Method::POST, &path, &json!({ "attributes": attributes }))
                    .await
                    .map(drop);
            }
            return self.api.remove(link, name).await;
        }
        let spec = KINDS[dice.index(KINDS.len())];
        let stream = ["upstream", "downstream"][dice.index(2)];
        if toxics.iter().any(|toxic| toxic["name"] == format!("{}_{stream}", spec.name)) {
            return Ok(());
        }
        let zeros = spec.attributes.iter().map(|attribute| (attribute.name.to_owned(), json!(0)));
        let attributes = shaken(&Value::Object(zeros.collect()), dice);
        let toxicity = [0.5, 1.0][dice.index(2)];
        let toxic =
            json!({ "type": spec.name, "stream": stream, "toxicity": toxicity, "attributes": attributes });
        self.api.add(link, &toxic).await
    }

    /// What it holds when nobody is connected.
    async fn at_rest(&self) -> Result<Held, Failed> {
        tokio::time::sleep(REST).await;
        // First, since each request to the API is a connection of its own, which may take a moment to end.
        let (memory, descriptors) = (self.process.memory()?, self.process.descriptors()?);
        let tasks = self.api.tasks().await?;
        let (mut open, mut connections) = (0, 0);
        let proxies = self.api.ask(Method::GET, "/proxies", &Value::Null).await?;
        for link in LINKS {
            let counters = &proxies[link]["counters"];
            let count = |what: &str| counters[what].as_u64().ok_or("a proxy has no counters");
            open += count("open")?;
            connections += count("accepted")?;
        }
        Ok(Held { memory, descriptors, tasks, open, connections })
    }
}

/// Every attribute with some value that lets a soak go on: small times, sizes and rates.
fn shaken(attributes: &Value, dice: &mut Dice) -> Value {
    let names = attributes.as_object().into_iter().flatten().map(|(name, _)| name.clone());
    let shaken: Map<String, Value> = names.map(|name| (name, json!(dice.below(200)))).collect();
    Value::Object(shaken)
}

/// Round trips, with a new connection whenever one ends or nothing comes.
async fn keep_pinging(door: SocketAddr) {
    loop {
        if let Ok(Ok(mut pinger)) = timeout(PATIENCE, Pinger::connect(door)).await {
            while matches!(timeout(PATIENCE, pinger.ping()).await, Ok(Ok(()))) {}
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Reads for a while, with a new connection whenever one ends or nothing comes.
async fn keep_drinking(door: SocketAddr) {
    let mut buffer = vec![0; 256 * 1024];
    loop {
        if let Ok(mut stream) = TcpStream::connect(door).await {
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_secs(2) {
                match timeout(PATIENCE, stream.read(&mut buffer)).await {
                    Ok(Ok(read)) if read > 0 => {}
                    _ => break,
                }
            }
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Random numbers by xorshift64 (Marsaglia, 2003), the same for the same seed.
struct Dice(u64);

impl Dice {
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

//! Growth: the cost of an entry with ever more stored, the cost of a request with ever more connections, and the
//! throughput with more listeners and loggers.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use benches::closed::{self, CallOutcome, Caller, Until};
use benches::http::{HttpCaller, Question};
use benches::{BenchError, RunningSystem, store_watch};
use clap::Args;
use faultline::cli::output::note;
use mongodb::Collection;
use mongodb::bson::{Document, doc};

use crate::session::{self, Notes, SystemPlan};
use crate::store::{SIZE, database, document};

// Powers of ten show whether the cost grows with the number or with its logarithm.
/// Entries in the store when the cost is measured.
const STORED: [u64; 4] = [1_000, 10_000, 100_000, 1_000_000];

// Few beside most of `STORED`, which they add to, and enough for a CPU time in clock ticks of 10 ms.
/// Entries that measure the cost.
const SAMPLE: u64 = 4_000;

// A page takes seconds when much is stored.
/// Number of pages that are read.
const READS: u64 = 5;

/// Open connections when the cost is measured.
const CONNECTED: [usize; 4] = [1, 10, 100, 1_000];

/// Entries of one insert that fills the store.
const BATCH: u64 = 1_000;

/// Nodes that have a part in storing an entry.
const STORING: [&str; 3] = ["broker", "logger", "mongo"];

/// Replicas of each measurement, by node.
const REPLICAS: [&[(&str, usize)]; 3] = [&[], &[("listener", 3)], &[("listener", 3), ("logger", 2)]];

/// The options of the verb.
#[derive(Args)]
pub(crate) struct GrowthVerb {
    /// Name of the only part to run
    #[arg(long, value_enum)]
    only: Option<GrowthPart>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum GrowthPart {
    /// Stored entries, from 1,000 to 1,000,000
    Stored,
    /// Connections, from 1 to 1,000
    Connected,
    /// More listeners and loggers
    Replicas,
}

/// Caller that uses many connections in turns.
struct RoundRobin {
    callers: Vec<HttpCaller>,
    next: usize,
}

impl Caller for RoundRobin {
    async fn call(&mut self) -> Result<CallOutcome, BenchError> {
        self.next = (self.next + 1) % self.callers.len();
        self.callers[self.next].call().await
    }
}

impl GrowthVerb {
    pub(crate) fn perform(self) -> Result<ExitCode, BenchError> {
        let wanted = |part| self.only.is_none_or(|only| only == part);
        let mut code = ExitCode::SUCCESS;
        if wanted(GrowthPart::Stored) {
            code = session::on_system("growth-stored", SystemPlan::default(), with_more_stored)?;
        }
        if wanted(GrowthPart::Connected) && code == ExitCode::SUCCESS {
            code = session::on_system("growth-connected", SystemPlan::default(), with_more_connected)?;
        }
        if wanted(GrowthPart::Replicas) {
            for replicas in REPLICAS {
                if code == ExitCode::SUCCESS {
                    code = with_replicas(replicas)?;
                }
            }
        }
        Ok(code)
    }
}

async fn with_more_stored(system: &RunningSystem, notes: &mut Notes) -> Result<(), BenchError> {
    let logs = database(system).await?.collection("logs");
    let broker = system.address("broker", 8080)?;
    let mut there = 0;
    for number in STORED {
        fill(&logs, number.saturating_sub(there)).await?;
        there = number + SAMPLE;
        let callers =
            HttpCaller::many(16, broker, &Question::Log { route: "/grpc-logger", size: SIZE }).await?;
        let before = cpu(system, &STORING)?;
        let lap = closed::run(callers, Until::Calls(SAMPLE)).await?;
        let used = cpu(system, &STORING)?.saturating_sub(before);
        notes.add(&format!("growth/{number} stored: cpu of an entry"), micros(used, lap.done.count()), "µs");
        notes.add(&format!("growth/{number} stored: p50"), lap.millis(0.5), "ms");
        notes.add(&format!("growth/{number} stored: rate"), lap.rate(), "/s");
        let reader = HttpCaller::many(1, broker, &Question::Read).await?;
        // FerretDB sorts the whole store for each page, which may take longer than the broker waits.
        match closed::run(reader, Until::Calls(READS)).await {
            Ok(lap) => {
                notes.add(&format!("growth/{number} stored: reading the newest, p50"), lap.millis(0.5), "ms")
            }
            Err(error) => note(format_args!("  growth/{number} stored: reading the newest: {error}")),
        }
    }
    Ok(())
}

async fn with_more_connected(system: &RunningSystem, notes: &mut Notes) -> Result<(), BenchError> {
    let broker = system.address("broker", 8080)?;
    for number in CONNECTED {
        for (name, question, nodes) in [
            ("ping", Question::Ping, &["broker"][..]),
            ("log-grpc", Question::Log { route: "/grpc-logger", size: SIZE }, &STORING[..]),
        ] {
            let callers = HttpCaller::many(number, broker, &question).await?;
            let before = cpu(system, nodes)?;
            // One request at a time, so that only the number of connections differs.
            let lap = closed::run(vec![RoundRobin { callers, next: 0 }], Until::Calls(SAMPLE)).await?;
            let used = cpu(system, nodes)?.saturating_sub(before);
            let name = |what: &str| format!("growth/{number} connected: {name}, {what}");
            notes.add(&name("cpu of a request"), micros(used, lap.done.count()), "µs");
            notes.add(&name("p50"), lap.millis(0.5), "ms");
        }
    }
    Ok(())
}

/// Publishes for a while, and counts the entries in the store at the end.
fn with_replicas(replicas: &[(&str, usize)]) -> Result<ExitCode, BenchError> {
    let owned = replicas.iter().map(|(node, number)| ((*node).to_owned(), *number)).collect();
    let plan = SystemPlan { replicas: owned, ..SystemPlan::default() };
    let title: Vec<String> = replicas.iter().map(|(node, number)| format!("{number} {node}s")).collect();
    let title = if title.is_empty() { "one of each".to_owned() } else { title.join(", ") };
    let file = format!("growth-replicas-{}", replicas.len());
    session::on_system(&file, plan, async |system, notes| {
        let logs = database(system).await?.collection::<Document>("logs");
        let broker = system.address("broker", 8080)?;
        let callers =
            HttpCaller::many(64, broker, &Question::Log { route: "/rabbitmq-logger", size: SIZE }).await?;
        let begun = Instant::now();
        let lap = closed::run(callers, Until::Time(Duration::from_secs(10))).await?;
        let acknowledged = lap.done.count();
        let loggers = system.stack().topology().replicas("logger").map(|logger| system.address(logger, 80));
        let loggers: Vec<_> = loggers.collect::<Result<_, _>>()?;
        // The broker acknowledges what RabbitMQ has; the rate counts until the last entry is in the store.
        store_watch::wait_until_stored(&loggers, acknowledged).await?;
        let rate = acknowledged as f64 / begun.elapsed().as_secs_f64();
        notes.add(&format!("growth/{title}: log-amqp stored"), rate, "/s");
        let there = logs.count_documents(doc! {}).await?;
        let beyond = there as f64 - acknowledged as f64;
        notes.add(&format!("growth/{title}: stored beyond what was acknowledged"), beyond, "");
        for listener in system.stack().topology().replicas("listener") {
            let share = store_watch::stored_messages(system.address(listener, 80)?).await? as f64
                / acknowledged as f64;
            notes.add(&format!("growth/{title}: share of {listener}"), share, "");
        }
        Ok(())
    })
}

/// Stores entries as the logger does, past the logger.
async fn fill(logs: &Collection<Document>, number: u64) -> Result<(), BenchError> {
    // Past the logger: a million entries by it would take minutes, and only their number counts here.
    let mut left = number;
    while left > 0 {
        let documents: Vec<Document> = (0..left.min(BATCH)).map(|_| document()).collect();
        left -= documents.len() as u64;
        logs.insert_many(documents).ordered(false).await?;
    }
    Ok(())
}

fn cpu(system: &RunningSystem, nodes: &[&str]) -> Result<Duration, BenchError> {
    nodes.iter().map(|node| system.cpu(node)).sum()
}

fn micros(used: Duration, number: u64) -> f64 {
    used.as_secs_f64() * 1e6 / number as f64
}

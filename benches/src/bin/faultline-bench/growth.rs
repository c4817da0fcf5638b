//! What growth does: to the cost of an entry with ever more stored, to the cost of a request with ever more
//! connections, and to the throughput with more listeners and loggers.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use benches::closed::{self, Answer, Caller, Until};
use benches::http::{HttpCaller, Question};
use benches::{Failed, System, stored};
use clap::Args;
use faultline::cli::output::note;
use mongodb::Collection;
use mongodb::bson::{Document, doc};

use crate::session::{self, Notes, Plan};
use crate::store::{SIZE, database, document};

/// Entries that are stored when the cost is measured.
const STORED: [u64; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// Entries by which the cost is measured: few enough to leave the least of [`STORED`] what it is.
const SAMPLE: u64 = 4_000;

/// Pages that are read.
const READS: u64 = 5;

/// Connections that are open when the cost is measured.
const CONNECTED: [usize; 4] = [1, 10, 100, 1_000];

/// Entries in one insert, while the store is filled.
const BATCH: u64 = 1_000;

/// Nodes that store an entry between them.
const STORING: [&str; 3] = ["broker", "logger", "mongo"];

/// Of what there is more than one.
const REPLICAS: [&[(&str, usize)]; 3] = [&[], &[("listener", 3)], &[("listener", 3), ("logger", 2)]];

/// The options of the verb.
#[derive(Args)]
pub(crate) struct Growth {
    /// Only the part of this name
    #[arg(long, value_enum)]
    only: Option<Part>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// From 1,000 to 1,000,000 stored entries
    Stored,
    /// From 1 to 1,000 connections
    Connected,
    /// More listeners and loggers
    Replicas,
}

/// Someone with many connections, each of which is used by turns.
struct ByTurns {
    callers: Vec<HttpCaller>,
    next: usize,
}

impl Caller for ByTurns {
    async fn call(&mut self) -> Result<Answer, Failed> {
        self.next = (self.next + 1) % self.callers.len();
        self.callers[self.next].call().await
    }
}

impl Growth {
    pub(crate) fn perform(self) -> Result<ExitCode, Failed> {
        let wanted = |part| self.only.is_none_or(|only| only == part);
        let mut code = ExitCode::SUCCESS;
        if wanted(Part::Stored) {
            code = session::on_system("growth-stored", Plan::default(), with_more_stored)?;
        }
        if wanted(Part::Connected) && code == ExitCode::SUCCESS {
            code = session::on_system("growth-connected", Plan::default(), with_more_connected)?;
        }
        if wanted(Part::Replicas) {
            for replicas in REPLICAS {
                if code == ExitCode::SUCCESS {
                    code = with_replicas(replicas)?;
                }
            }
        }
        Ok(code)
    }
}

async fn with_more_stored(system: &System, notes: &mut Notes) -> Result<(), Failed> {
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
        // FerretDB sorts all that is stored for each page, so it may take longer than the broker waits.
        match closed::run(reader, Until::Calls(READS)).await {
            Ok(lap) => {
                notes.add(&format!("growth/{number} stored: reading the newest, p50"), lap.millis(0.5), "ms")
            }
            Err(error) => note(format_args!("  growth/{number} stored: reading the newest: {error}")),
        }
    }
    Ok(())
}

async fn with_more_connected(system: &System, notes: &mut Notes) -> Result<(), Failed> {
    let broker = system.address("broker", 8080)?;
    for number in CONNECTED {
        for (name, question, nodes) in [
            ("ping", Question::Ping, &["broker"][..]),
            ("log-grpc", Question::Log { route: "/grpc-logger", size: SIZE }, &STORING[..]),
        ] {
            let callers = HttpCaller::many(number, broker, &question).await?;
            let before = cpu(system, nodes)?;
            let lap = closed::run(vec![ByTurns { callers, next: 0 }], Until::Calls(SAMPLE)).await?;
            let used = cpu(system, nodes)?.saturating_sub(before);
            let name = |what: &str| format!("growth/{number} connected: {name}, {what}");
            notes.add(&name("cpu of a request"), micros(used, lap.done.count()), "µs");
            notes.add(&name("p50"), lap.millis(0.5), "ms");
        }
    }
    Ok(())
}

/// Publishes for a while, and counts what is in the store in the end.
fn with_replicas(replicas: &[(&str, usize)]) -> Result<ExitCode, Failed> {
    let owned = replicas.iter().map(|(node, number)| ((*node).to_owned(), *number)).collect();
    let plan = Plan { replicas: owned, ..Plan::default() };
    let told: Vec<String> = replicas.iter().map(|(node, number)| format!("{number} {node}s")).collect();
    let told = if told.is_empty() { "one of each".to_owned() } else { told.join(", ") };
    let file = format!("growth-replicas-{}", replicas.len());
    session::on_system(&file, plan, async |system, notes| {
        let logs = database(system).await?.collection::<Document>("logs");
        let broker = system.address("broker", 8080)?;
        let callers =
            HttpCaller::many(64, broker, &Question::Log { route: "/rabbitmq-logger", size: SIZE }).await?;
        let begun = Instant::now();
        let lap = closed::run(callers, Until::Time(Duration::from_secs(10))).await?;
        let acknowledged = lap.done.count();
        let loggers: Vec<_> = system.stack().topology().replicas("logger").collect();
        let mut counted = 0;
        while counted < acknowledged {
            tokio::time::sleep(Duration::from_millis(5)).await;
            counted = 0;
            for logger in &loggers {
                counted += stored::count(system.address(logger, 80)?).await?;
            }
        }
        let rate = acknowledged as f64 / begun.elapsed().as_secs_f64();
        notes.add(&format!("growth/{told}: log-amqp stored"), rate, "/s");
        let there = logs.count_documents(doc! {}).await?;
        let beyond = there as f64 - acknowledged as f64;
        notes.add(&format!("growth/{told}: stored beyond what was acknowledged"), beyond, "");
        for listener in system.stack().topology().replicas("listener") {
            let share = stored::handed_on(system.address(listener, 80)?).await? as f64 / acknowledged as f64;
            notes.add(&format!("growth/{told}: share of {listener}"), share, "");
        }
        Ok(())
    })
}

/// Stores so many entries as the logger does, past it.
async fn fill(logs: &Collection<Document>, number: u64) -> Result<(), Failed> {
    let mut left = number;
    while left > 0 {
        let documents: Vec<Document> = (0..left.min(BATCH)).map(|_| document()).collect();
        left -= documents.len() as u64;
        logs.insert_many(documents).ordered(false).await?;
    }
    Ok(())
}

fn cpu(system: &System, nodes: &[&str]) -> Result<Duration, Failed> {
    nodes.iter().map(|node| system.cpu(node)).sum()
}

fn micros(used: Duration, number: u64) -> f64 {
    used.as_secs_f64() * 1e6 / number as f64
}

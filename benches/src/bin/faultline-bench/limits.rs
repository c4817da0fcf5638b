//! Services beside the best that their servers and this machine give, in turns. The bare servers that answer the same
//! requests are measured in `side_by_side`.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use benches::closed::{self, Lap, Until};
use benches::http::{HttpCaller, Question};
use benches::{BenchError, RunningSystem, amqp, store_watch};
use clap::Args;
use faultline::cli::output::note;
use mongodb::bson::{Document, doc};
use mongodb::{Collection, IndexModel};

use crate::rounds::Rounds;
use crate::session::{self, SystemPlan};
use crate::store::{SIZE, database, document};

// As many as wrk and others use for such figures, and far more than there are cores.
/// Connections to the broker.
const CONNECTIONS: usize = 64;

/// Entries in one insert of the bare writer.
const BATCH: usize = 100;

// A publisher that waits for each confirm would measure the latency of the disk.
/// Unconfirmed messages of the bare publisher.
const OUTSTANDING: usize = 256;

/// Cost of the hashes of the system's users.
const COST: u32 = 10;

/// The options of the verb.
#[derive(Args)]
pub(crate) struct LimitsVerb {
    /// Number of measurements of everything; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=20))]
    rounds: u8,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=60))]
    seconds: u8,
}

/// Addresses, and the time of each measurement.
struct LimitBench {
    broker: SocketAddr,
    logger: SocketAddr,
    rabbitmq: SocketAddr,
    /// Entries as the logger keeps them: with the index of their order.
    ceiling: Collection<Document>,
    /// Entries with the index of their ids only.
    bare: Collection<Document>,
    time: Duration,
}

impl LimitsVerb {
    pub(crate) fn perform(self) -> Result<ExitCode, BenchError> {
        let Self { rounds, seconds } = self;
        session::on_system("limits", SystemPlan::default(), async |system, notes| {
            let bench = LimitBench::new(system, Duration::from_secs(seconds.into())).await?;
            let mut measured = Rounds::default();
            for round in 1..=rounds {
                note(format_args!("round {round} of {rounds}"));
                bench.round(&mut measured).await?;
                measured.note("limits", notes);
            }
            Ok(())
        })
    }
}

impl LimitBench {
    async fn new(system: &RunningSystem, time: Duration) -> Result<Self, BenchError> {
        let database = database(system).await?;
        let (ceiling, bare) = (database.collection("ceiling"), database.collection("bare"));
        let newest_first = doc! { "created_at": -1, "_id": -1 };
        // The logger's index costs the store a part of its rate, which no service could get back.
        ceiling.create_index(IndexModel::builder().keys(newest_first).build()).await?;
        Ok(Self {
            broker: system.address("broker", 8080)?,
            logger: system.address("logger", 80)?,
            rabbitmq: system.address("rabbitmq", 5672)?,
            ceiling,
            bare,
            time,
        })
    }

    async fn round(&self, rounds: &mut Rounds) -> Result<(), BenchError> {
        // In turns with what it bounds.
        rounds.add("writer", "/s", self.writer(&self.ceiling).await?);
        rounds.add("writer without the index", "/s", self.writer(&self.bare).await?);
        for (name, p99, route) in
            [("log-grpc", "log-grpc p99", "/grpc-logger"), ("log-json", "log-json p99", "/json-logger")]
        {
            let lap = self.ask(CONNECTIONS, Question::Log { route, size: SIZE }).await?;
            rounds.add(name, "/s", lap.rate());
            rounds.add(p99, "ms", lap.millis(0.99));
        }
        self.log_amqp(rounds).await?;
        rounds.add("bare publisher", "/s", self.bare_publisher().await?);
        rounds.add("bcrypt", "/s", bcrypt_alone(self.time).await?);
        let lap = self.ask(CONNECTIONS, Question::Authenticate).await?;
        rounds.add("authenticate", "/s", lap.rate());
        rounds.add("authenticate p99", "ms", lap.millis(0.99));
        Ok(())
    }

    async fn ask(&self, connections: usize, question: Question) -> Result<Lap<HttpCaller>, BenchError> {
        let callers = HttpCaller::many(connections, self.broker, &question).await?;
        closed::run(callers, Until::Time(self.time)).await
    }

    /// Inserts batches, one after the other, directly into the database that the logger writes to.
    async fn writer(&self, collection: &Collection<Document>) -> Result<f64, BenchError> {
        let (begun, mut written) = (Instant::now(), 0_u64);
        while begun.elapsed() < self.time {
            let documents: Vec<Document> = (0..BATCH).map(|_| document()).collect();
            let inserted = collection.insert_many(documents).ordered(false).await?;
            written += inserted.inserted_ids.len() as u64;
        }
        Ok(written as f64 / begun.elapsed().as_secs_f64())
    }

    async fn log_amqp(&self, rounds: &mut Rounds) -> Result<(), BenchError> {
        let before = store_watch::stored_entries(self.logger).await?;
        let begun = Instant::now();
        let lap = self.ask(CONNECTIONS, Question::Log { route: "/rabbitmq-logger", size: SIZE }).await?;
        let acknowledged = lap.done.count();
        // The broker acknowledges what RabbitMQ has; stored it is later.
        store_watch::wait_until_stored(&[self.logger], before + acknowledged).await?;
        rounds.add("log-amqp published", "/s", lap.rate());
        rounds.add("log-amqp p99", "ms", lap.millis(0.99));
        rounds.add("log-amqp stored", "/s", acknowledged as f64 / begun.elapsed().as_secs_f64());
        Ok(())
    }

    /// Publishes to the queue of the system, whose listener stores the entries, as behind the broker.
    async fn bare_publisher(&self) -> Result<f64, BenchError> {
        let before = store_watch::stored_entries(self.logger).await?;
        let confirms = amqp::publish_for(self.rabbitmq, SIZE, OUTSTANDING, self.time).await?;
        // What waits in the queue would load the next measurement.
        store_watch::wait_until_stored(&[self.logger], before + confirms.number).await?;
        Ok(confirms.rate)
    }
}

/// Verifies passwords on all cores, and returns the verifications per second.
async fn bcrypt_alone(time: Duration) -> Result<f64, BenchError> {
    let hash = bcrypt::hash("password123", COST)?;
    let cores = std::thread::available_parallelism()?.get();
    let begun = Instant::now();
    let work = |hash: String| {
        move || {
            let mut verified = 0_u64;
            while begun.elapsed() < time {
                verified += u64::from(bcrypt::verify("password123", &hash).unwrap_or(false));
            }
            verified
        }
    };
    let workers: Vec<_> = (0..cores).map(|_| tokio::task::spawn_blocking(work(hash.clone()))).collect();
    let mut verified = 0;
    for worker in workers {
        verified += worker.await?;
    }
    Ok(verified as f64 / begun.elapsed().as_secs_f64())
}

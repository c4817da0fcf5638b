//! The services beside the best that their servers and this machine give. Everything is measured in turns, several
//! rounds of them: a machine that is slower for a while is so to both sides of a ratio.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use benches::closed::{self, Lap, Until};
use benches::http::{HttpCaller, Question};
use benches::{Failed, System, amqp, stored};
use clap::Args;
use faultline::cli::output::note;
use mongodb::bson::{Document, doc};
use mongodb::{Collection, IndexModel};

use crate::session::{self, Plan, Rounds};
use crate::store::{SIZE, database, document};

/// Connections to the broker.
const CONNECTIONS: usize = 64;

/// Entries in one insert of the bare writer.
const BATCH: usize = 100;

/// Messages that the bare publisher has unconfirmed.
const OUTSTANDING: usize = 256;

/// Cost of the hashes of the system's users.
const COST: u32 = 10;

/// The options of the verb.
#[derive(Args)]
pub(crate) struct Limits {
    /// How often everything is measured; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=20))]
    rounds: u8,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=60))]
    seconds: u8,
}

/// Where everything is, and how long each is measured.
struct Bench {
    broker: SocketAddr,
    logger: SocketAddr,
    rabbitmq: SocketAddr,
    /// As the logger keeps its entries: with the index of their order.
    ceiling: Collection<Document>,
    /// With no index but that of the ids.
    bare: Collection<Document>,
    time: Duration,
}

impl Limits {
    pub(crate) fn perform(self) -> Result<ExitCode, Failed> {
        let Self { rounds, seconds } = self;
        session::on_system("limits", Plan::default(), async |system, notes| {
            let bench = Bench::new(system, Duration::from_secs(seconds.into())).await?;
            let mut measured = Rounds::default();
            for round in 1..=rounds {
                note(format_args!("round {round} of {rounds}"));
                bench.round(system, &mut measured).await?;
                measured.note("limits", notes);
            }
            Ok(())
        })
    }
}

impl Bench {
    async fn new(system: &System, time: Duration) -> Result<Self, Failed> {
        let database = database(system).await?;
        let (ceiling, bare) = (database.collection("ceiling"), database.collection("bare"));
        let newest_first = doc! { "created_at": -1, "_id": -1 };
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

    async fn round(&self, system: &System, rounds: &mut Rounds) -> Result<(), Failed> {
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
        let before = system.cpu("broker")?;
        let lap = self.ask(CONNECTIONS, Question::Ping).await?;
        let cpu = system.cpu("broker")?.saturating_sub(before);
        rounds.add("ping", "/s", lap.rate());
        rounds.add("ping p99", "ms", lap.millis(0.99));
        rounds.add("ping cpu", "µs", cpu.as_secs_f64() * 1e6 / lap.done.count() as f64);
        Ok(())
    }

    async fn ask(&self, connections: usize, question: Question) -> Result<Lap<HttpCaller>, Failed> {
        let callers = HttpCaller::many(connections, self.broker, &question).await?;
        closed::run(callers, Until::Time(self.time)).await
    }

    /// One writer that inserts batches, straight into the database that the logger writes to.
    async fn writer(&self, collection: &Collection<Document>) -> Result<f64, Failed> {
        let (begun, mut written) = (Instant::now(), 0_u64);
        while begun.elapsed() < self.time {
            let documents: Vec<Document> = (0..BATCH).map(|_| document()).collect();
            let inserted = collection.insert_many(documents).ordered(false).await?;
            written += inserted.inserted_ids.len() as u64;
        }
        Ok(written as f64 / begun.elapsed().as_secs_f64())
    }

    async fn log_amqp(&self, rounds: &mut Rounds) -> Result<(), Failed> {
        let before = stored::count(self.logger).await?;
        let begun = Instant::now();
        let lap = self.ask(CONNECTIONS, Question::Log { route: "/rabbitmq-logger", size: SIZE }).await?;
        let acknowledged = lap.done.count();
        self.wait_for(before + acknowledged).await?;
        rounds.add("log-amqp published", "/s", lap.rate());
        rounds.add("log-amqp p99", "ms", lap.millis(0.99));
        rounds.add("log-amqp stored", "/s", acknowledged as f64 / begun.elapsed().as_secs_f64());
        Ok(())
    }

    /// Publishes on the queue of the system itself, with its listener at work as it is behind the broker.
    async fn bare_publisher(&self) -> Result<f64, Failed> {
        let before = stored::count(self.logger).await?;
        let (rate, published) = amqp::publish_for(self.rabbitmq, SIZE, OUTSTANDING, self.time).await?;
        self.wait_for(before + published).await?;
        Ok(rate)
    }

    async fn wait_for(&self, count: u64) -> Result<(), Failed> {
        let until = Instant::now() + Duration::from_secs(60);
        while stored::count(self.logger).await? < count {
            if Instant::now() > until {
                return Err("not all entries were stored within a minute".into());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }
}

/// Verifications a second of all cores together.
async fn bcrypt_alone(time: Duration) -> Result<f64, Failed> {
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

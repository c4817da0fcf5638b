//! The three ways to store an entry, on real servers that are started once: on one hop, from a client of the logger
//! or of RabbitMQ until the entry is stored; and end to end, from a client of the broker. In every case so many
//! entries are under way at any moment, and one is over only when it is acknowledged.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use benches::amqp::AmqpCaller;
use benches::closed::{self, Answer, Caller, Until};
use benches::grpc::GrpcCaller;
use benches::http::{HttpCaller, Question};
use benches::stored::Stored;
use benches::{CONCURRENCIES, Failed, SIZES, System};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode, Throughput};
use faultline::cli::output::note;
use tokio::runtime::Runtime;

/// Between two looks at what is stored, where many entries are under way; one alone is looked for without a rest.
const REST: Duration = Duration::from_millis(1);

/// A caller whose entry is over only once it is stored, not once it is acknowledged.
struct UntilStored {
    caller: HttpCaller,
    stored: Arc<Stored>,
}

impl Caller for UntilStored {
    async fn call(&mut self) -> Result<Answer, Failed> {
        let answer = self.caller.call().await?;
        if answer == Answer::Done {
            self.stored.one_more().await?;
        }
        Ok(answer)
    }
}

/// Where everything is.
struct Addresses {
    broker: SocketAddr,
    logger_http: SocketAddr,
    logger_grpc: SocketAddr,
    rabbitmq: SocketAddr,
}

fn main() {
    let runtime = Runtime::new().expect("a runtime");
    let mut criterion = Criterion::default().configure_from_args();
    let system = match runtime.block_on(System::start()) {
        Ok(system) => system,
        Err(error) => {
            note(&error);
            std::process::exit(69);
        }
    };
    let measured = measure(&runtime, &mut criterion, &system);
    runtime.block_on(system.end());
    if let Err(error) = measured {
        note(&error);
        std::process::exit(70);
    }
    criterion.final_summary();
}

fn measure(runtime: &Runtime, criterion: &mut Criterion, system: &System) -> Result<(), Failed> {
    let addresses = Addresses {
        broker: system.address("broker", 8080)?,
        logger_http: system.address("logger", 80)?,
        logger_grpc: system.address("logger", 50001)?,
        rabbitmq: system.address("rabbitmq", 5672)?,
    };
    for size in SIZES {
        for concurrency in CONCURRENCIES {
            hop(runtime, criterion, &addresses, size, concurrency)?;
            paths(runtime, criterion, &addresses, size, concurrency)?;
        }
    }
    Ok(())
}

fn hop(
    runtime: &Runtime,
    criterion: &mut Criterion,
    addresses: &Addresses,
    size: usize,
    concurrency: usize,
) -> Result<(), Failed> {
    let mut group = group(criterion, "hop");
    let name = |way: &str| format!("{way}/{size}/{concurrency}");
    let callers = runtime.block_on(GrpcCaller::many(concurrency, addresses.logger_grpc, size))?;
    bench(&mut group, runtime, name("grpc"), callers);
    let question = Question::LoggerLog { size };
    let callers = runtime.block_on(HttpCaller::many(concurrency, addresses.logger_http, &question))?;
    bench(&mut group, runtime, name("json"), callers);
    let stored = watch(runtime, addresses, concurrency)?;
    let callers = runtime.block_on(AmqpCaller::many(concurrency, addresses.rabbitmq, size, &stored))?;
    bench(&mut group, runtime, name("amqp"), callers);
    group.finish();
    Ok(())
}

fn paths(
    runtime: &Runtime,
    criterion: &mut Criterion,
    addresses: &Addresses,
    size: usize,
    concurrency: usize,
) -> Result<(), Failed> {
    let mut group = group(criterion, "path");
    let name = |way: &str| format!("{way}/{size}/{concurrency}");
    let connect = |route| {
        runtime.block_on(HttpCaller::many(concurrency, addresses.broker, &Question::Log { route, size }))
    };
    bench(&mut group, runtime, name("grpc"), connect("/grpc-logger")?);
    bench(&mut group, runtime, name("json"), connect("/json-logger")?);
    let stored = watch(runtime, addresses, concurrency)?;
    let until_stored = |caller| UntilStored { caller, stored: Arc::clone(&stored) };
    let callers = connect("/rabbitmq-logger")?.into_iter().map(until_stored).collect();
    bench(&mut group, runtime, name("amqp"), callers);
    group.finish();
    Ok(())
}

fn group<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(1)).sampling_mode(SamplingMode::Flat).sample_size(20);
    group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    group
}

fn watch(runtime: &Runtime, addresses: &Addresses, concurrency: usize) -> Result<Arc<Stored>, Failed> {
    let rest = (concurrency > 1).then_some(REST);
    Ok(Arc::new(runtime.block_on(Stored::watch(addresses.logger_http, rest))?))
}

/// One bench; its callers keep their connections from sample to sample.
fn bench<C: Caller>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    runtime: &Runtime,
    name: String,
    callers: Vec<C>,
) {
    let callers = Mutex::new(callers);
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|times| {
            let held = std::mem::take(&mut *callers.lock().unwrap_or_else(PoisonError::into_inner));
            let lap = runtime.block_on(closed::run(held, Until::Calls(times)));
            let lap = lap.unwrap_or_else(|error| panic!("a call failed: {error}"));
            assert_eq!(lap.refused.count(), 0, "calls were refused");
            *callers.lock().unwrap_or_else(PoisonError::into_inner) = lap.callers;
            lap.took
        });
    });
}

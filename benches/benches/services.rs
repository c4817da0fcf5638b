//! Three transports of an entry, on real servers that are started once: on one hop, from a client of the logger or of
//! RabbitMQ until the entry is stored; and end to end, from a client of the broker. A fixed number of entries is in flight
//! at any moment, and an entry is over only when it is stored.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use benches::amqp::AmqpCaller;
use benches::closed::{self, CallOutcome, Caller, Until};
use benches::grpc::GrpcCaller;
use benches::http::{HttpCaller, Question};
use benches::store_watch::StoreWatch;
use benches::workload::{CONCURRENCIES, SIZES};
use benches::{BenchError, RunningSystem};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode, Throughput};
use faultline::cli::output::note;
use tokio::runtime::Runtime;

/// Pause between two readings of the count of stored entries, if many are in flight; a single entry is watched without.
const PAUSE: Duration = Duration::from_millis(1);

/// Caller whose entry is over when it is stored: the broker acknowledges it as soon as RabbitMQ has it.
struct UntilStored {
    caller: HttpCaller,
    store: Arc<StoreWatch>,
}

impl Caller for UntilStored {
    async fn call(&mut self) -> Result<CallOutcome, BenchError> {
        let answer = self.caller.call().await?;
        if answer == CallOutcome::Done {
            self.store.wait_for_one().await?;
        }
        Ok(answer)
    }
}

/// Addresses of the nodes.
struct Addresses {
    broker: SocketAddr,
    logger_http: SocketAddr,
    logger_grpc: SocketAddr,
    rabbitmq: SocketAddr,
}

fn main() {
    let runtime = Runtime::new().expect("a runtime");
    let mut criterion = Criterion::default().configure_from_args();
    let system = match runtime.block_on(RunningSystem::start()) {
        Ok(system) => system,
        Err(error) => {
            note(&error);
            std::process::exit(69);
        }
    };
    let measured = measure(&runtime, &mut criterion, &system);
    // Before an error of the measurement is shown: nodes and data would remain.
    runtime.block_on(system.end());
    if let Err(error) = measured {
        note(&error);
        std::process::exit(70);
    }
    criterion.final_summary();
}

fn measure(runtime: &Runtime, criterion: &mut Criterion, system: &RunningSystem) -> Result<(), BenchError> {
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
) -> Result<(), BenchError> {
    let mut group = group(criterion, "hop");
    let name = |transport: &str| format!("{transport}/{size}/{concurrency}");
    let callers = runtime.block_on(GrpcCaller::many(concurrency, addresses.logger_grpc, size))?;
    bench(&mut group, runtime, name("grpc"), callers);
    let question = Question::LoggerLog { size };
    let callers = runtime.block_on(HttpCaller::many(concurrency, addresses.logger_http, &question))?;
    bench(&mut group, runtime, name("json"), callers);
    let store = watch(runtime, addresses, concurrency)?;
    let callers = runtime.block_on(AmqpCaller::many(concurrency, addresses.rabbitmq, size, &store))?;
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
) -> Result<(), BenchError> {
    let mut group = group(criterion, "path");
    let name = |transport: &str| format!("{transport}/{size}/{concurrency}");
    let connect = |route| {
        runtime.block_on(HttpCaller::many(concurrency, addresses.broker, &Question::Log { route, size }))
    };
    bench(&mut group, runtime, name("grpc"), connect("/grpc-logger")?);
    bench(&mut group, runtime, name("json"), connect("/json-logger")?);
    let store = watch(runtime, addresses, concurrency)?;
    let until_stored = |caller| UntilStored { caller, store: Arc::clone(&store) };
    let callers = connect("/rabbitmq-logger")?.into_iter().map(until_stored).collect();
    bench(&mut group, runtime, name("amqp"), callers);
    group.finish();
    Ok(())
}

fn group<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    // Flat, since criterion would raise the number of iterations from sample to sample, and small samples are all start-up.
    group.throughput(Throughput::Elements(1)).sampling_mode(SamplingMode::Flat).sample_size(20);
    group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    group
}

fn watch(
    runtime: &Runtime,
    addresses: &Addresses,
    concurrency: usize,
) -> Result<Arc<StoreWatch>, BenchError> {
    let pause = (concurrency > 1).then_some(PAUSE);
    Ok(Arc::new(runtime.block_on(StoreWatch::start(addresses.logger_http, pause))?))
}

/// Runs one bench, whose callers keep their connections from sample to sample.
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
            // A refusal is quick, and would count as a fast entry.
            assert_eq!(lap.refused.count(), 0, "calls were refused");
            *callers.lock().unwrap_or_else(PoisonError::into_inner) = lap.callers;
            lap.took
        });
    });
}

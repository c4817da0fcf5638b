//! Sends each operation at its due time, whatever became of the others, from threads of its own.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::clock::Clock;
use super::crew::Crew;
use super::payload::Payloads;
use super::template::{BadTemplate, Fill, Template};
use super::{Operation, Sink};
use crate::scenario::{Arrival, Schedule};
use crate::stack::topology::AnswerSpec;

/// How long after its own deadline an operation is still waited for: its answer may be on the way.
const GRACE: Duration = Duration::from_secs(1);

/// Operations that one thread sends in a second on a small machine, with room to spare.
const RATE_OF_A_THREAD: f64 = 25_000.0;

/// Arrivals that are overdue are given to connections this many at a time; then those get to work.
const AT_ONCE: u32 = 8;

/// Load that can't be made.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A path that the schedule loads and the topology does not have.
    #[error("no path \"{0}\" in the topology")]
    NoPath(String),
    /// A path whose requests can't be made.
    #[error(transparent)]
    Template(#[from] BadTemplate),
    /// The system does not give what the generator needs.
    #[error("the generator can't run: {0}")]
    System(#[from] io::Error),
}

/// One path of a load.
#[derive(Debug, Clone)]
pub struct Target {
    /// Makes its requests.
    pub template: Template,
    /// Whether its operations are entries, which carry data.
    pub stores: bool,
}

/// Makes the load of one schedule.
pub struct Engine<S> {
    shared: Arc<Shared<S>>,
    since: u64,
    finishing: bool,
}

pub(super) struct Shared<S> {
    run: String,
    schedule: Schedule,
    /// By stream.
    targets: Vec<Target>,
    payloads: Payloads,
    timeout: String,
    pub(super) limit: Duration,
    start: Instant,
    pub(super) sink: S,
}

impl<S: Sink> Engine<S> {
    /// For a schedule that starts at `start`. `targets` holds each path that it loads; `run` begins the ids of its
    /// operations.
    ///
    /// # Errors
    /// [`LoadError::NoPath`] for a path without a target.
    pub fn new(
        run: &str,
        schedule: &Schedule,
        targets: &BTreeMap<String, Target>,
        start: Instant,
        sink: S,
    ) -> Result<Self, LoadError> {
        let target =
            |path: &String| targets.get(path).cloned().ok_or_else(|| LoadError::NoPath(path.clone()));
        let shared = Shared {
            run: run.to_owned(),
            targets: schedule.streams.iter().map(|stream| target(&stream.path)).collect::<Result<_, _>>()?,
            payloads: Payloads::new(schedule.seed),
            timeout: format!("{:.3}", schedule.timeout.duration().as_secs_f64()),
            limit: schedule.timeout.duration() + GRACE,
            schedule: schedule.clone(),
            start,
            sink,
        };
        Ok(Self { shared: Arc::new(shared), since: 0, finishing: false })
    }

    /// The same, but when it is cancelled, operations under way are waited for.
    #[must_use]
    pub fn finishing(self) -> Self {
        Self { finishing: true, ..self }
    }

    /// The same without what is due earlier, in microseconds after the start.
    #[must_use]
    pub fn since(self, since: u64) -> Self {
        Self { since, ..self }
    }

    /// Runs to the end of the schedule and of every operation, or until cancelled; operations under way
    /// are given up then, and never end. Gives the CPU time that its threads used.
    ///
    /// # Errors
    /// [`LoadError::System`] when there are no threads or timers to be had.
    pub async fn run(self, cancel: CancellationToken) -> Result<Duration, LoadError> {
        let count = self.threads();
        let mut threads = Vec::new();
        for number in 0..count {
            let (ended, end) = tokio::sync::oneshot::channel();
            let (shared, cancel) = (Arc::clone(&self.shared), cancel.clone());
            let work = Share { shared, since: self.since, number, count, cancel, finishing: self.finishing };
            std::thread::Builder::new().name(format!("load-{number}")).spawn(move || {
                let _ = ended.send(work.run());
            })?;
            threads.push(end);
        }
        let mut used = Duration::ZERO;
        for end in threads {
            used += end.await.map_err(|_| io::Error::other("a thread of the generator panicked"))??;
        }
        Ok(used)
    }

    fn threads(&self) -> u64 {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        ((self.shared.schedule.highest() / RATE_OF_A_THREAD).ceil() as u64).clamp(1, cores as u64)
    }
}

impl<S> Shared<S> {
    /// Microseconds after the start of the load; negative before it.
    pub(super) fn now(&self) -> i64 {
        now(self.start)
    }

    fn operation(&self, arrival: &Arrival) -> Operation {
        let path = &self.schedule.streams[arrival.stream].path;
        let id = format!("{}-{path}-{:06}", self.run, arrival.number);
        let data = if self.targets[arrival.stream].stores {
            let length = self.schedule.payload.of(self.schedule.seed, arrival.number);
            self.payloads.data(arrival.number, &id, length as usize)
        } else {
            String::new()
        };
        Operation { id, data, stream: arrival.stream, due: signed(arrival.due) }
    }

    /// The right answer to an operation.
    pub(super) fn answer(&self, operation: &Operation) -> &AnswerSpec {
        self.targets[operation.stream].template.answer()
    }

    /// # Errors
    /// When a header becomes unsendable by what is filled in.
    pub(super) fn request(&self, operation: &Operation) -> Result<Request<Full<Bytes>>, http::Error> {
        let fill = Fill { id: &operation.id, data: &operation.data, timeout: &self.timeout };
        self.targets[operation.stream].template.request(fill)
    }
}

/// What one thread sends: every `count`th arrival.
struct Share<S> {
    shared: Arc<Shared<S>>,
    since: u64,
    number: u64,
    count: u64,
    cancel: CancellationToken,
    finishing: bool,
}

impl<S: Sink> Share<S> {
    fn run(self) -> io::Result<Duration> {
        // Looks for due times and answers often: between them at most 16 tasks go on.
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().event_interval(16).build()?;
        runtime.block_on(async {
            let at_once = async {
                if self.finishing {
                    std::future::pending::<()>().await;
                }
                self.cancel.cancelled().await;
            };
            tokio::select! {
                done = self.send_all() => done,
                () = at_once => Ok(()),
            }
        })?;
        Ok(cpu_of_this_thread())
    }

    async fn send_all(&self) -> io::Result<()> {
        let mut clock = Clock::new()?;
        let tasks = TaskTracker::new();
        let crews = self.crews(&tasks).await;
        let limit = (self.shared.schedule.in_flight as usize).div_ceil(self.count as usize);
        let mut overdue = 0;
        let mut cancelled = std::pin::pin!(self.cancel.cancelled());
        let mine =
            |arrival: &Arrival| arrival.due >= self.since && arrival.number % self.count == self.number;
        for arrival in self.shared.schedule.arrivals().filter(mine) {
            // Made before it is due, so that making it does not make it late.
            let operation = self.shared.operation(&arrival);
            let due = self.shared.start + Duration::from_micros(arrival.due);
            if Instant::now() < due {
                overdue = 0;
                tokio::select! {
                    biased;
                    () = &mut cancelled => break,
                    waited = clock.until(due) => waited?,
                }
            } else if self.cancel.is_cancelled() {
                break;
            } else {
                overdue += 1;
                if overdue % AT_ONCE == 0 {
                    tokio::task::yield_now().await;
                }
            }
            let crew = &crews[&self.shared.targets[arrival.stream].template.address()];
            if let Err(operation) = crew.give(operation, limit) {
                self.shared.sink.dropped(operation).await;
            }
        }
        crews.values().for_each(Crew::dismiss);
        tasks.close();
        tasks.wait().await;
        Ok(())
    }

    async fn crews(&self, tasks: &TaskTracker) -> BTreeMap<SocketAddr, Crew<S>> {
        let busy = Arc::new(AtomicUsize::new(0));
        let mut crews = BTreeMap::new();
        for target in &self.shared.targets {
            let address = target.template.address();
            crews.entry(address).or_insert_with(|| {
                Crew::new(Arc::clone(&self.shared), address, Arc::clone(&busy), tasks.clone())
            });
        }
        // Enough that a usual answer does not make others wait for a connection.
        let each =
            (self.shared.schedule.highest() / self.count as f64 / 200.0).ceil().clamp(1.0, 64.0) as usize;
        futures::future::join_all(crews.values().map(|crew| crew.warm(each))).await;
        crews
    }
}

fn cpu_of_this_thread() -> Duration {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_THREAD) else { return Duration::ZERO };
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

/// Microseconds after `start`; negative before it.
#[must_use]
pub fn now(start: Instant) -> i64 {
    let now = Instant::now();
    match now.checked_duration_since(start) {
        Some(after) => signed(u64::try_from(after.as_micros()).unwrap_or(u64::MAX)),
        None => -signed(u64::try_from((start - now).as_micros()).unwrap_or(u64::MAX)),
    }
}

fn signed(micros: u64) -> i64 {
    i64::try_from(micros).unwrap_or(i64::MAX)
}

//! Sends each operation at its due time, whatever the outcome of the others, from threads of its own.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::clock::Clock;
use super::context::{EngineContext, LoadError, PathTarget};
use super::pool::Pool;
use super::recording::OperationRecorder;
use crate::scenario::{Arrival, Schedule};

/// Operations per second that one thread sends on a small machine.
// At 40 µs of CPU each this is all that a core can do: a second thread would only take time from the system before then.
const RATE_OF_A_THREAD: f64 = 25_000.0;

/// Overdue arrivals that are handed to connections before those get to work.
const AT_ONCE: u32 = 8;

/// Generator of the load of one schedule.
pub struct LoadEngine<S> {
    shared: Arc<EngineContext<S>>,
    since: u64,
    finishing: bool,
}

impl<S: OperationRecorder> LoadEngine<S> {
    /// Makes the generator of a schedule that starts at `start`. `targets` has each path that it loads; `run` is the
    /// prefix of the ids of its operations.
    ///
    /// # Errors
    /// [`LoadError::NoPath`] for a path without a target.
    pub fn new(
        run: &str,
        schedule: &Schedule,
        targets: &BTreeMap<String, PathTarget>,
        start: Instant,
        recorder: S,
    ) -> Result<Self, LoadError> {
        let shared = EngineContext::new(run, schedule, targets, start, recorder)?;
        Ok(Self { shared: Arc::new(shared), since: 0, finishing: false })
    }

    /// Changes the generator to wait for operations in flight when it is cancelled.
    #[must_use]
    pub fn finishing(self) -> Self {
        Self { finishing: true, ..self }
    }

    /// Changes the generator to skip what is due earlier, in microseconds after the start.
    #[must_use]
    pub fn since(self, since: u64) -> Self {
        Self { since, ..self }
    }

    /// Runs to the end of the schedule and of every operation, or until cancelled: operations in flight are then
    /// abandoned without an outcome. Returns the CPU time of its threads.
    ///
    /// # Errors
    /// [`LoadError::System`] when no thread or timer is left.
    pub async fn run(self, cancel: CancellationToken) -> Result<Duration, LoadError> {
        // Threads of its own, apart from the runtime that starts stacks and injects faults, which would make it late.
        let count = self.threads();
        // A child, which its guard cancels: if one thread fails, the others must not go on sending.
        let cancel = cancel.child_token();
        let _guard = cancel.clone().drop_guard();
        let mut threads = Vec::new();
        for number in 0..count {
            // A channel, since `JoinHandle::join` would block a thread of the runtime. One that closes
            // without a value means a panic.
            let (ended, end) = tokio::sync::oneshot::channel();
            let (shared, cancel) = (Arc::clone(&self.shared), cancel.clone());
            let work =
                EngineThread { shared, since: self.since, number, count, cancel, finishing: self.finishing };
            std::thread::Builder::new().name(format!("load-{number}")).spawn(move || {
                // A caller that dropped the future reads no result; the token ends the thread all the same.
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
        // As few threads as the rate needs: each takes CPU from the system under test on the same machine.
        ((self.shared.schedule.highest() / RATE_OF_A_THREAD).ceil() as u64).clamp(1, cores as u64)
    }
}

/// Share of the load that one thread sends: every `count`th arrival.
struct EngineThread<S> {
    shared: Arc<EngineContext<S>>,
    since: u64,
    number: u64,
    count: u64,
    cancel: CancellationToken,
    finishing: bool,
}

impl<S: OperationRecorder> EngineThread<S> {
    fn run(self) -> io::Result<Duration> {
        // Checks timers and sockets after 16 tasks at most, so that neither a due time nor an answer waits for long.
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().event_interval(16).build()?;
        runtime.block_on(async {
            // Without `finishing`, a cancellation drops the tasks of the connections with the runtime.
            // With it, `send_all` stops sending and ends by itself after the operations in flight.
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
        let pools = self.pools(&tasks).await;
        // Each thread has a share and counts alone. Rounded up, since a thread with the limit 0
        // would drop everything.
        let limit = (self.shared.schedule.in_flight as usize).div_ceil(self.count as usize);
        let mut overdue = 0;
        let mut cancelled = std::pin::pin!(self.cancel.cancelled());
        // Every thread walks all arrivals and takes its own by number: ids and data of an operation are the
        // same whatever the number of threads.
        let mine =
            |arrival: &Arrival| arrival.due >= self.since && arrival.number % self.count == self.number;
        for arrival in self.shared.schedule.arrivals().filter(mine) {
            // An operation is sent once, at its own time, and never waits for the answers to others: that is the open
            // model.
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
                // An overdue arrival waits for nothing, so nothing else would notice the cancellation.
                break;
            } else {
                overdue += 1;
                if overdue % AT_ONCE == 0 {
                    // Connections are tasks of this thread: until it yields, none of them sends what it was
                    // given or reads an answer.
                    tokio::task::yield_now().await;
                }
            }
            let pool = &pools[&self.shared.targets[arrival.stream].template.address()];
            if let Err(operation) = pool.send(operation, limit) {
                self.shared.recorder.dropped(operation).await;
            }
        }
        // Closed before the wait: an idle connection waits for requests until its pool is closed.
        pools.values().for_each(Pool::close);
        tasks.close();
        tasks.wait().await;
        Ok(())
    }

    async fn pools(&self, tasks: &TaskTracker) -> BTreeMap<SocketAddr, Pool<S>> {
        // One count for all addresses: the limit is that of the load, not of one target.
        let busy = Arc::new(AtomicUsize::new(0));
        let mut pools = BTreeMap::new();
        for target in &self.shared.targets {
            let address = target.template.address();
            pools.entry(address).or_insert_with(|| {
                Pool::new(Arc::clone(&self.shared), address, Arc::clone(&busy), tasks.clone())
            });
        }
        // Enough connections for answers within 5 ms, so that a usual load opens none while it is sent.
        let each =
            (self.shared.schedule.highest() / self.count as f64 / 200.0).ceil().clamp(1.0, 64.0) as usize;
        futures::future::join_all(pools.values().map(|pool| pool.warm(each))).await;
        pools
    }
}

fn cpu_of_this_thread() -> Duration {
    // Of the thread, not of the process, which also runs the proxies, the recorder and the display.
    let Ok(usage) = getrusage(UsageWho::RUSAGE_THREAD) else { return Duration::ZERO };
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

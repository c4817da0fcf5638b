//! Closed model: a fixed number of callers, each of which calls again once it has its answer, or once it may if it was
//! refused. It measures the cost of a call; `faultline load` measures the effect of an arrival rate.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use faultline::measure::latency::Latency;

use crate::failure::BenchError;

/// Meaning of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallOutcome {
    /// The call had its effect.
    Done,
    /// The call certainly had no effect; the caller may try again after this time.
    Refused(Duration),
}

/// Client that makes one call after the other.
pub trait Caller: Send + 'static {
    /// Makes a call and waits for its answer.
    ///
    /// # Errors
    /// Fails on any answer that is neither good nor a refusal for now: the bench would measure something else.
    fn call(&mut self) -> impl Future<Output = Result<CallOutcome, BenchError>> + Send;
}

/// End of a loop.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    /// Number of calls, of all callers together.
    Calls(u64),
    /// Duration; calls that are in flight at its end are waited for.
    Time(Duration),
}

impl Until {
    /// Shortens a pause so that it does not outlast the loop.
    fn shorten(self, rest: Duration, begun: Instant) -> Duration {
        match self {
            Self::Calls(_) => rest,
            Self::Time(time) => rest.min(time.saturating_sub(begun.elapsed())),
        }
    }
}

/// Measurements of one loop.
#[derive(Debug)]
pub struct Lap<C> {
    /// Callers, for the next loop.
    pub callers: Vec<C>,
    /// Time from the first call to the last answer.
    pub took: Duration,
    /// Latencies of calls that had their effect.
    pub done: Latency,
    /// Latencies of calls that were refused.
    pub refused: Latency,
}

impl<C> Lap<C> {
    /// Calls per second that had their effect.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.done.count() as f64 / self.took.as_secs_f64()
    }

    /// Quantile of the latency of those, in milliseconds; 0 if there were none.
    #[must_use]
    pub fn millis(&self, quantile: f64) -> f64 {
        self.done.quantile(quantile).unwrap_or(0) as f64 / 1000.0
    }
}

/// Runs all callers until the end.
///
/// # Errors
/// Returns the first error of a caller.
pub async fn run<C: Caller>(callers: Vec<C>, until: Until) -> Result<Lap<C>, BenchError> {
    // Callers share one count, so that a fast one makes the calls that a slow one would delay.
    let (claimed, begun) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let tasks: Vec<_> = callers
        .into_iter()
        .map(|caller| tokio::spawn(work(caller, Arc::clone(&claimed), begun, until)))
        .collect();
    let mut lap =
        Lap { callers: Vec::new(), took: Duration::ZERO, done: Latency::fine(), refused: Latency::fine() };
    for task in tasks {
        let (caller, done, refused) = task.await??;
        lap.callers.push(caller);
        lap.done.add(&done);
        lap.refused.add(&refused);
    }
    lap.took = begun.elapsed();
    Ok(lap)
}

/// Runs callers that `connect` opens on one thread with a runtime of its own, as `wrk -t1` does: they leave the other cores
/// to the server.
///
/// # Errors
/// Returns the first error of a caller.
pub async fn run_on_one_thread<C: Caller, F: Future<Output = Result<Vec<C>, BenchError>>>(
    connect: impl FnOnce() -> F + Send + 'static,
    until: Until,
) -> Result<Lap<C>, BenchError> {
    // A blocking thread, since a runtime can't be started on a thread that drives another one.
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async { run(connect().await?, until).await })
    };
    tokio::task::spawn_blocking(work).await?
}

async fn work<C: Caller>(
    mut caller: C,
    claimed: Arc<AtomicU64>,
    begun: Instant,
    until: Until,
) -> Result<(C, Latency, Latency), BenchError> {
    let (mut done, mut refused) = (Latency::fine(), Latency::fine());
    loop {
        let over = match until {
            // Relaxed: the number deals out calls and guards no other memory.
            Until::Calls(calls) => claimed.fetch_add(1, Ordering::Relaxed) >= calls,
            Until::Time(time) => begun.elapsed() >= time,
        };
        if over {
            return Ok((caller, done, refused));
        }
        // The time of the call alone: in the closed model nothing was due earlier.
        let sent = Instant::now();
        let answer = caller.call().await?;
        let latency = u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX);
        match answer {
            CallOutcome::Done => done.record(latency),
            CallOutcome::Refused(rest) => {
                // Kept apart: quick refusals would make the latency look better.
                refused.record(latency);
                tokio::time::sleep(until.shorten(rest, begun)).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Counting(u64);

    impl Caller for Counting {
        async fn call(&mut self) -> Result<CallOutcome, BenchError> {
            self.0 += 1;
            if self.0 > 1000 {
                return Err("too many".into());
            }
            Ok(if self.0.is_multiple_of(2) {
                CallOutcome::Refused(Duration::ZERO)
            } else {
                CallOutcome::Done
            })
        }
    }

    #[tokio::test]
    async fn as_many_calls_are_made_as_were_asked_for_and_an_error_ends_it() {
        let lap = run(vec![Counting(0), Counting(0), Counting(0)], Until::Calls(100)).await.unwrap();
        assert_eq!(lap.callers.iter().map(|caller| caller.0).sum::<u64>(), 100);
        assert_eq!(lap.done.count() + lap.refused.count(), 100);
        let error = run(vec![Counting(0)], Until::Time(Duration::from_secs(60))).await.unwrap_err();
        assert_eq!(error.to_string(), "too many");
    }
}

//! A closed loop: so many callers, each of which calls again once it has its answer, or once it may if it was
//! refused. It tells what a call costs; what a rate of arrivals does to a system is told by `faultline load`.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use faultline::measure::latency::Latency;

use crate::Failed;

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Done, as it should be.
    Done,
    /// Refused, surely without an effect; whoever asked is to come back after this time.
    Refused(Duration),
}

/// Whoever makes one call after the other.
pub trait Caller: Send + 'static {
    /// Makes a call and waits for its answer.
    ///
    /// # Errors
    /// Anything but an answer that is good, or refuses for now: the bench would measure something else.
    fn call(&mut self) -> impl Future<Output = Result<Answer, Failed>> + Send;
}

/// When a loop ends.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    /// After so many calls in all.
    Calls(u64),
    /// After this time; calls under way then are waited for.
    Time(Duration),
}

impl Until {
    /// A rest that does not go on beyond the end.
    fn at_most(self, rest: Duration, begun: Instant) -> Duration {
        match self {
            Self::Calls(_) => rest,
            Self::Time(time) => rest.min(time.saturating_sub(begun.elapsed())),
        }
    }
}

/// What a loop has measured.
#[derive(Debug)]
pub struct Lap<C> {
    /// Those who called, for the next loop.
    pub callers: Vec<C>,
    /// From the first call until the last answer.
    pub took: Duration,
    /// Latencies of calls that were done.
    pub done: Latency,
    /// Latencies of calls that were refused.
    pub refused: Latency,
}

impl<C> Lap<C> {
    /// Calls done in a second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.done.count() as f64 / self.took.as_secs_f64()
    }

    /// A quantile of the latency of what was done, in milliseconds; 0 if nothing was.
    #[must_use]
    pub fn millis(&self, quantile: f64) -> f64 {
        self.done.quantile(quantile).unwrap_or(0) as f64 / 1000.0
    }
}

/// Lets all callers call until the end.
///
/// # Errors
/// The first error of a caller.
pub async fn run<C: Caller>(callers: Vec<C>, until: Until) -> Result<Lap<C>, Failed> {
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

async fn work<C: Caller>(
    mut caller: C,
    claimed: Arc<AtomicU64>,
    begun: Instant,
    until: Until,
) -> Result<(C, Latency, Latency), Failed> {
    let (mut done, mut refused) = (Latency::fine(), Latency::fine());
    loop {
        let over = match until {
            Until::Calls(calls) => claimed.fetch_add(1, Ordering::Relaxed) >= calls,
            Until::Time(time) => begun.elapsed() >= time,
        };
        if over {
            return Ok((caller, done, refused));
        }
        let sent = Instant::now();
        let answer = caller.call().await?;
        let latency = u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX);
        match answer {
            Answer::Done => done.record(latency),
            Answer::Refused(rest) => {
                refused.record(latency);
                tokio::time::sleep(until.at_most(rest, begun)).await;
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
        async fn call(&mut self) -> Result<Answer, Failed> {
            self.0 += 1;
            if self.0 > 1000 {
                return Err("too many".into());
            }
            Ok(if self.0.is_multiple_of(2) { Answer::Refused(Duration::ZERO) } else { Answer::Done })
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

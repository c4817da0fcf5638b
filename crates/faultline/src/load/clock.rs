//! The clock of a load: microseconds since its start, and waits that are exact to a few of them.

use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};

use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use tokio::io::unix::AsyncFd;
use tokio::time::Instant;

/// Clock on a timer of the kernel.
#[derive(Debug)]
pub(super) struct Clock(AsyncFd<Timer>);

#[derive(Debug)]
struct Timer(TimerFd);

impl AsRawFd for Timer {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

impl Clock {
    /// Makes a clock for the current runtime.
    ///
    /// # Errors
    /// The error of the system, such as too many open files.
    pub(super) fn new() -> io::Result<Self> {
        // Monotonic, as `Instant` is: a step of the wall clock moves no due time. Nodes are children of this
        // process and must not inherit the descriptor.
        let timer =
            TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC)?;
        // SAFETY: the timer owns its descriptor, lends it to nobody, and always names the same one.
        #[expect(unsafe_code, reason = "tokio has no other way to wait for a descriptor that is not its own")]
        let registered = unsafe { AsyncFd::register(Timer(timer)) };
        Ok(Self(registered?))
    }

    /// Waits until `moment`; not at all if it has passed.
    ///
    /// # Errors
    /// The error of the system.
    pub(super) async fn until(&mut self, moment: Instant) -> io::Result<()> {
        // A timer of the kernel, since the timer of the runtime ticks by the millisecond: that alone would cost a
        // median of half a millisecond.
        // In a loop, since readiness may be spurious or left from an earlier wait: only the clock decides.
        loop {
            let left = moment.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.0
                .get_ref()
                .0
                .set(Expiration::OneShot(TimeSpec::from_duration(left)), TimerSetTimeFlags::empty())?;
            // Setting the timer again clears its readiness, so it need not be read.
            self.0.readable().await?.clear_ready();
        }
    }
}

/// Returns the microseconds since `start`; negative before it.
#[must_use]
pub fn now(start: Instant) -> i64 {
    let now = Instant::now();
    // A start lies ahead at first, and the subtraction of instants saturates at zero: times
    // before the start would all be the same.
    match now.checked_duration_since(start) {
        Some(after) => signed(u64::try_from(after.as_micros()).unwrap_or(u64::MAX)),
        None => -signed(u64::try_from((start - now).as_micros()).unwrap_or(u64::MAX)),
    }
}

/// Converts microseconds to a signed number.
pub(super) fn signed(micros: u64) -> i64 {
    i64::try_from(micros).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn moments_come_in_order_and_not_too_early() {
        let mut clock = Clock::new().unwrap();
        let start = Instant::now();
        for micros in [300, 700, 500, 5_000, 5_001] {
            let moment = start + Duration::from_micros(micros);
            clock.until(moment).await.unwrap();
            assert!(Instant::now() >= moment);
        }
    }
}

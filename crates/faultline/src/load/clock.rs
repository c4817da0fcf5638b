//! Waits until a moment to a few microseconds, where the timer of the runtime ticks by the millisecond.

use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};

use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use tokio::io::unix::AsyncFd;
use tokio::time::Instant;

/// A timer of the kernel's.
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
    /// A timer for the runtime that this is called on.
    ///
    /// # Errors
    /// What the system says, as that there are too many open files.
    pub(super) fn new() -> io::Result<Self> {
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
    /// What the system says.
    pub(super) async fn until(&mut self, moment: Instant) -> io::Result<()> {
        loop {
            let left = moment.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.0
                .get_ref()
                .0
                .set(Expiration::OneShot(TimeSpec::from_duration(left)), TimerSetTimeFlags::empty())?;
            // Setting it again clears what it had to tell, so it need not be read.
            self.0.readable().await?.clear_ready();
        }
    }
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

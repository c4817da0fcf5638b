//! What is done when there are no descriptors for new connections: those that are open go on, new ones are refused.

use std::fs::File;
use std::io;
use std::time::{Duration, Instant};

use futures::FutureExt;
use nix::errno::Errno;
use tokio::net::TcpListener;

/// How often at most it is told that there are none.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// How long nothing is accepted when nobody could be refused either: asking again at once would spin.
const PAUSE: Duration = Duration::from_millis(50);

/// Of one listener.
#[derive(Debug)]
pub(super) struct Shortage {
    who: String,
    /// Kept aside, to be given up for a moment: a connection has to be accepted to be refused.
    reserve: Option<File>,
    refused: u64,
    told: Option<Instant>,
}

impl Shortage {
    /// `who` is what log lines begin with.
    pub(super) fn new(who: String) -> Self {
        Self { who, reserve: reserve(), refused: 0, told: None }
    }

    /// Accepting has failed.
    pub(super) async fn met(&mut self, listener: &TcpListener, error: &io::Error) {
        let refused = is_shortage(error) && self.refuse(listener);
        self.refused += u64::from(refused);
        if self.told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
            self.told = Some(Instant::now());
            tracing::warn!("{} can't take new connections ({} refused): {error}", self.who, self.refused);
        }
        if !refused {
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Resets whoever waits first; whether there was somebody.
    fn refuse(&mut self, listener: &TcpListener) -> bool {
        if self.reserve.take().is_none() {
            self.reserve = reserve();
            return false;
        }
        let refused = match listener.accept().now_or_never() {
            Some(Ok((stream, _))) => {
                // Without the option it is closed in order, which refuses it too.
                let _ = stream.set_zero_linger();
                true
            }
            _ => false,
        };
        self.reserve = reserve();
        refused
    }
}

fn reserve() -> Option<File> {
    File::open("/dev/null").ok()
}

fn is_shortage(error: &io::Error) -> bool {
    let shortages = [Errno::EMFILE, Errno::ENFILE];
    error.raw_os_error().is_some_and(|code| shortages.contains(&Errno::from_raw(code)))
}

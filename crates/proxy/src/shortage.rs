//! The reaction to a lack of file descriptors: open connections go on, new ones are refused.

use std::fs::File;
use std::io;
use std::time::{Duration, Instant};

use futures::FutureExt;
use nix::errno::Errno;
use tokio::net::TcpListener;

/// Shortest time between two warnings.
// A client that tries again and again would fill the log otherwise.
const WARN_EVERY: Duration = Duration::from_secs(5);

/// Pause after an error at which nobody could be refused.
// The socket stays readable, so the loop would spin otherwise.
const PAUSE: Duration = Duration::from_millis(50);

/// Reaction of one listener to a lack of file descriptors.
#[derive(Debug)]
pub(super) struct DescriptorShortage {
    listener_name: String,
    /// Descriptor that is given up for a moment.
    // A connection has to be accepted to be refused, and one that nobody accepts waits until it times out.
    reserve: Option<File>,
    refused: u64,
    last_warning: Option<Instant>,
}

impl DescriptorShortage {
    /// Reserves a descriptor. Warnings begin with `listener_name`.
    pub(super) fn new(listener_name: String) -> Self {
        Self { listener_name, reserve: reserve(), refused: 0, last_warning: None }
    }

    /// Handles an error of accept: refuses a client if descriptors are lacking, pauses otherwise.
    pub(super) async fn handle(&mut self, listener: &TcpListener, error: &io::Error) {
        let refused = is_shortage(error) && self.refuse(listener);
        self.refused += u64::from(refused);
        if self.last_warning.is_none_or(|warning| warning.elapsed() >= WARN_EVERY) {
            self.last_warning = Some(Instant::now());
            tracing::warn!(
                "{} cannot accept connections ({} refused): {error}",
                self.listener_name,
                self.refused
            );
        }
        if !refused {
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Resets the first waiting client. Returns false if there was none, or no descriptor for it.
    fn refuse(&mut self, listener: &TcpListener) -> bool {
        // After the last refusal another thread was quicker to use the free descriptor.
        if self.reserve.take().is_none() {
            self.reserve = reserve();
            return false;
        }
        // No wait for a client: the descriptor has to go back to the reserve at once.
        let refused = match listener.accept().now_or_never() {
            Some(Ok((stream, _))) => {
                // If the option cannot be set, the socket is closed without a reset, which refuses the client too.
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
    // Any descriptor will do, and every system has this file.
    File::open("/dev/null").ok()
}

fn is_shortage(error: &io::Error) -> bool {
    // The limit of this process, and that of the whole machine.
    let shortages = [Errno::EMFILE, Errno::ENFILE];
    error.raw_os_error().is_some_and(|code| shortages.contains(&Errno::from_raw(code)))
}

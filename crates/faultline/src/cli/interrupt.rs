//! Ctrl-C and SIGTERM: once ends in order, twice ends at once (the children die with the harness).

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::exit::{Exit, Failure};
use super::output;

/// A token that is cancelled by the first Ctrl-C or SIGTERM. The second one ends the process.
///
/// # Errors
/// When signals can't be taken.
pub fn token() -> Result<CancellationToken, Failure> {
    let taken =
        || Ok::<_, std::io::Error>((signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?));
    let (mut interrupt, mut terminate) =
        taken().map_err(|error| Failure::internal(format!("signals: {error}")))?;
    let token = CancellationToken::new();
    let cancelled = token.clone();
    tokio::spawn(async move {
        for first in [true, false] {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if first {
                output::note("faultline: interrupted: ending in order; once more ends at once");
                cancelled.cancel();
            }
        }
        std::process::exit(Exit::Interrupted as i32);
    });
    Ok(token)
}

//! Ctrl-C and SIGTERM: the first ends in order, the second at once (child processes die with the lab).

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::exit::{Exit, Failure};
use super::output;

/// Creates a token that the first Ctrl-C or SIGTERM cancels. The second one ends the process.
///
/// # Errors
/// A [`Failure`] if signal handlers cannot be installed.
pub fn token() -> Result<CancellationToken, Failure> {
    let handlers =
        || Ok::<_, std::io::Error>((signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?));
    let (mut interrupt, mut terminate) =
        handlers().map_err(|error| Failure::internal(format!("signals: {error}")))?;
    let token = CancellationToken::new();
    let cancelled = token.clone();
    // From here on this task must end the process: a handler that was installed once replaces
    // the default action for good.
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
        // No destructor runs. The kernel ends the children with their parent, and `heal` cleans up the rest.
        std::process::exit(Exit::Interrupted as i32);
    });
    Ok(token)
}

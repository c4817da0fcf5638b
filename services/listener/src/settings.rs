//! Settings of the listener: flags, or environment variables of the same meaning.

use std::time::Duration;

use chassis::secret::Secret;
use chassis::telemetry::TelemetrySettings;
use chassis::{count, duration};
use clap::Parser;
use wire::entry::MAX_BATCH;

/// Brings log messages from RabbitMQ to the logger; acknowledges them only once they are stored.
#[derive(Debug, Clone, Parser)]
#[command(version, about)]
pub struct Settings {
    /// Address of HTTP: /healthz, /readyz, /metrics
    #[arg(long, default_value = "127.0.0.1:8083")]
    pub listen: String,
    /// RabbitMQ, like amqp://user:password@host:5672/%2f; heartbeat=SECONDS may follow as a parameter
    #[arg(long, hide_env_values = true)]
    pub amqp_url: Secret,
    /// The logger's gRPC, like http://host:50001
    #[arg(long)]
    pub logger_grpc_url: String,
    /// Messages that may be delivered and not yet acknowledged; bounds the memory
    // By default as much as the calls that may be in flight hold: two with 512 messages each.
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u16).range(1..))]
    pub prefetch: u16,
    /// Messages in one call to the logger, at most
    #[arg(long, default_value_t = 512, value_parser = batch)]
    pub max_batch: usize,
    /// Bytes of messages in one call, at most; a greater one goes alone
    #[arg(long, default_value_t = 4 * 1024 * 1024, value_parser = batch_bytes)]
    pub max_batch_bytes: usize,
    /// Calls in flight at the same time, at most
    #[arg(long, default_value_t = 2, value_parser = count::positive)]
    pub max_in_flight: usize,
    /// Time that the logger may take for one call before it is made again
    #[arg(long, default_value = "5s", value_parser = duration::parse)]
    pub call_timeout: Duration,
    /// Time for calls in flight to end after SIGTERM
    #[arg(long, default_value = "10s", value_parser = duration::parse)]
    pub drain: Duration,
    /// Logs
    #[command(flatten)]
    pub telemetry: TelemetrySettings,
}

/// Reads a number of entries that one call may have.
fn batch(text: &str) -> Result<usize, String> {
    count::at_most(text, MAX_BATCH)
}

/// Reads a size that one call may have; as encoded it is a little more.
fn batch_bytes(text: &str) -> Result<usize, String> {
    const MOST: usize = wire::entry::MAX_BATCH_BYTES / 2;
    count::at_most(text, MOST)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_are_consistent() {
        Settings::command().debug_assert();
    }

    #[test]
    fn the_url_is_never_shown_and_bounds_are_kept() {
        let given = |more: &[&str]| {
            let urls = ["listener", "--amqp-url", "amqp://u:sesame@h", "--logger-grpc-url", "http://h:1"];
            Settings::try_parse_from(urls.iter().chain(more))
        };
        assert!(!format!("{:?}", given(&[]).unwrap()).contains("sesame"));
        assert!(given(&["--max-batch", "1001"]).is_err());
        assert!(given(&["--prefetch", "0"]).is_err());
    }
}

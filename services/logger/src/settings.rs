//! Settings of the logger: flags, or environment variables of the same meaning.

use std::time::Duration;

use chassis::secret::Secret;
use chassis::telemetry::TelemetrySettings;
use chassis::{count, deadline, duration};
use clap::Parser;

/// Stores log entries in MongoDB, over gRPC and HTTP; answers only once they are stored.
#[derive(Debug, Clone, Parser)]
#[command(version, about)]
pub struct Settings {
    /// Address of HTTP: POST /log, /healthz, /readyz, /metrics
    #[arg(long, default_value = "127.0.0.1:8082")]
    pub listen: String,
    /// Address of gRPC: logger.LoggerService, health, and reflection where that is on
    #[arg(long, default_value = "127.0.0.1:50001")]
    pub grpc_listen: String,
    /// Describe the gRPC service to whoever asks (gRPC reflection), as grpcurl needs it
    #[arg(long)]
    pub grpc_reflection: bool,
    /// MongoDB, like mongodb://user:password@host:27017/logs_db?directConnection=true; the database is logs_db if
    /// none is named
    #[arg(long, hide_env_values = true)]
    pub mongo_url: Secret,
    /// Collection of the entries
    #[arg(long, default_value = "logs")]
    pub collection: String,
    /// Entries that may wait for their commit; beyond it new ones are refused at once
    #[arg(long, default_value_t = 10_000, value_parser = count::positive)]
    pub queue_length: usize,
    /// Bytes that the waiting entries may have together
    #[arg(long, default_value_t = 64 * 1024 * 1024, value_parser = count::positive)]
    pub queue_bytes: usize,
    /// Entries in one insert, and in a LogBatch call, at most
    #[arg(long, default_value_t = wire::entry::MAX_BATCH, value_parser = count::positive)]
    pub max_batch: usize,
    /// Bytes in one insert, at most; MongoDB's messages hold 48 MB
    #[arg(long, default_value_t = 8 * 1024 * 1024, value_parser = batch_bytes)]
    pub max_batch_bytes: usize,
    /// Inserts in flight at the same time, at most; one reaches the rate of a single server
    #[arg(long, default_value_t = 1, value_parser = count::positive)]
    pub writers: usize,
    /// Ids of stored entries that are remembered, so that repeats need not ask the store
    #[arg(long, default_value_t = 100_000)]
    pub recent_ids: usize,
    /// Time for a request whose caller gives no deadline
    #[arg(long, default_value = "10s", value_parser = deadline::setting)]
    pub request_timeout: Duration,
    /// Time for which an entry waits for a store that is known to be down before it is refused
    #[arg(long, default_value = "250ms", value_parser = duration::parse)]
    pub down_grace: Duration,
    /// Time for requests in flight to end after SIGTERM
    #[arg(long, default_value = "10s", value_parser = duration::parse)]
    pub drain: Duration,
    /// Form of the logs.
    #[command(flatten)]
    pub telemetry: TelemetrySettings,
}

/// Reads a size that one message to MongoDB can hold.
fn batch_bytes(text: &str) -> Result<usize, String> {
    // MongoDB's messages hold 48,000,000 bytes; what is above this is for all that surrounds the documents.
    const MOST: usize = 40 * 1024 * 1024;
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
            let url = ["logger", "--mongo-url", "mongodb://u:sesame@h/d"];
            Settings::try_parse_from(url.iter().chain(more))
        };
        assert!(!format!("{:?}", given(&[]).unwrap()).contains("sesame"));
        assert!(given(&["--writers", "0"]).is_err());
        assert!(given(&["--max-batch-bytes", "99999999"]).is_err());
    }
}

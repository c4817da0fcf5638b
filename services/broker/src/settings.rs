//! Settings, by flags and environment.

use std::time::Duration;

use chassis::breaker::BreakerArguments;
use chassis::secret::Secret;
use chassis::telemetry::TelemetrySettings;
use chassis::{count, deadline, duration};
use clap::Parser;

use crate::cors;

/// The one door of the system: HTTP in front; HTTP, gRPC and AMQP behind.
#[derive(Debug, Clone, Parser)]
#[command(version, about)]
pub struct Settings {
    /// Address to listen on; port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// The authentication service
    #[arg(long, default_value = "http://127.0.0.1:8081")]
    pub authentication_url: String,
    /// The logger's HTTP
    #[arg(long, default_value = "http://127.0.0.1:8082")]
    pub logger_http_url: String,
    /// The logger's gRPC
    #[arg(long, default_value = "http://127.0.0.1:50001")]
    pub logger_grpc_url: String,
    /// RabbitMQ
    // `--help` shows the values of variables otherwise, and this one holds a password.
    #[arg(long, hide_env_values = true, default_value = "amqp://guest:guest@127.0.0.1:5672/%2f")]
    pub amqp_url: Secret,
    /// Time for a request that brings no Request-Timeout
    #[arg(long, default_value = "5s", value_parser = deadline::setting)]
    pub request_timeout: Duration,
    /// The largest body in bytes; a larger one is refused with 413
    #[arg(long, default_value_t = 2 * 1024 * 1024, value_parser = count::positive)]
    pub body_limit: usize,
    /// Requests at once to authentication and to the logger, each
    #[arg(long, default_value_t = 256, value_parser = count::positive)]
    pub max_in_flight: usize,
    /// Requests that may wait for their turn, for each dependency; more are refused with 503
    #[arg(long, default_value_t = 1024)]
    pub queue_length: usize,
    /// Connections to the logger's gRPC
    #[arg(long, default_value_t = 2, value_parser = count::positive)]
    pub grpc_connections: usize,
    /// Messages that RabbitMQ may have unconfirmed, over all channels
    #[arg(long, default_value_t = 1024, value_parser = count::positive)]
    pub amqp_outstanding: usize,
    /// Channels to RabbitMQ that publish
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub amqp_channels: u16,
    /// Seconds between heartbeats; RabbitMQ is taken for gone after twice as many without a word
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=600))]
    pub amqp_heartbeat: u16,
    /// Time for a TCP connection to be made
    #[arg(long, default_value = "1s", value_parser = duration::parse)]
    pub connect_timeout: Duration,
    /// Circuit breaker.
    #[command(flatten)]
    pub breaker: BreakerArguments,
    /// Origins whose pages may use the broker, separated by commas; by default those of our own page on this machine; *
    /// lets any page read every answer
    #[arg(long, default_value = cors::PAGES, value_delimiter = ',')]
    pub cors_origins: Vec<String>,
    /// Time for requests in flight to end after SIGTERM
    #[arg(long, default_value = "10s", value_parser = duration::parse)]
    pub drain: Duration,
    /// Form of the logs.
    #[command(flatten)]
    pub telemetry: TelemetrySettings,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_are_consistent_and_the_password_is_never_shown() {
        Settings::command().debug_assert();
        let settings = Settings::parse_from(["broker", "--amqp-url", "amqp://u:sesame@h"]);
        assert!(!format!("{settings:?}").contains("sesame"));
    }
}

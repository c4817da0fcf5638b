//! Settings, by flags and environment.

use std::time::Duration;

use chassis::breaker::BreakerArguments;
use chassis::secret::Secret;
use chassis::telemetry::TelemetrySettings;
use chassis::{count, deadline, duration};
use clap::Parser;

/// Checks who logs in, against PostgreSQL, over HTTP.
#[derive(Debug, Clone, Parser)]
#[command(version, about)]
pub struct Settings {
    /// Address to listen on; port 0 picks a free one
    #[arg(long, default_value = "127.0.0.1:8081")]
    pub listen: String,
    /// PostgreSQL, like postgres://user:password@host:5432/users_db?sslmode=disable
    #[arg(long, hide_env_values = true)]
    pub database_url: Secret,
    /// Connections to PostgreSQL, at most
    #[arg(long, default_value_t = 8, value_parser = count::positive)]
    pub database_connections: usize,
    /// Requests that may wait for a connection; more are refused with 503
    #[arg(long, default_value_t = 256)]
    pub database_queue_length: usize,
    /// Cost of bcrypt, 4 to 31; hashes of another cost are renewed at their next login
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(4..=31))]
    pub bcrypt_cost: u32,
    /// Threads that check passwords; all cores if not given
    #[arg(long, value_parser = count::positive)]
    pub bcrypt_threads: Option<usize>,
    /// Passwords that may wait for a thread; more are refused with 503
    #[arg(long, default_value_t = 32)]
    pub bcrypt_queue_length: usize,
    /// Failures of one account within the window after which it is refused with 429; 0 never refuses
    #[arg(long, default_value_t = 10)]
    pub throttle_failures: u32,
    /// The window, from an account's first failure
    #[arg(long, default_value = "1m", value_parser = duration::parse)]
    pub throttle_window: Duration,
    /// Accounts whose failures are remembered at the same time; beyond it the oldest is forgotten
    #[arg(long, default_value_t = 10_000, value_parser = count::positive)]
    pub throttle_accounts: usize,
    /// Circuit breaker.
    #[command(flatten)]
    pub breaker: BreakerArguments,
    /// Time for a request that brings no Request-Timeout
    #[arg(long, default_value = "5s", value_parser = deadline::setting)]
    pub request_timeout: Duration,
    /// Time for requests in flight to end after SIGTERM
    #[arg(long, default_value = "10s", value_parser = duration::parse)]
    pub drain: Duration,
    /// Logs
    #[command(flatten)]
    pub telemetry: TelemetrySettings,
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
    fn the_database_url_is_never_shown() {
        let url = "postgres://u:sesame@h/d";
        let settings = Settings::try_parse_from(["authentication", "--database-url", url]).unwrap();
        assert!(!format!("{settings:?}").contains("sesame"));
    }
}

//! What can be set, by flags and environment.

use std::time::Duration;

use chassis::breaker::BreakerArguments;
use chassis::secret::Secret;
use chassis::telemetry::TelemetrySettings;
use chassis::{count, duration};
use clap::Parser;

/// Checks who logs in, against PostgreSQL, over HTTP.
#[derive(Debug, Clone, Parser)]
#[command(version, about)]
pub struct Settings {
    /// Address to listen on; port 0 picks a free one
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:8081")]
    pub listen: String,
    /// PostgreSQL, like postgres://user:password@host:5432/users_db?sslmode=disable
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Secret,
    /// Connections to PostgreSQL, at most
    #[arg(long, env = "DATABASE_CONNECTIONS", default_value_t = 8, value_parser = count::positive)]
    pub database_connections: usize,
    /// Requests that may wait for a connection; more are refused with 503
    #[arg(long, env = "DATABASE_QUEUE", default_value_t = 256)]
    pub database_queue: usize,
    /// Cost of bcrypt, 4 to 31; hashes of another cost are renewed at their next login
    #[arg(long, env = "BCRYPT_COST", default_value_t = 10, value_parser = clap::value_parser!(u32).range(4..=31))]
    pub bcrypt_cost: u32,
    /// Threads that check passwords; all cores if not given
    #[arg(long, env = "BCRYPT_THREADS", value_parser = count::positive)]
    pub bcrypt_threads: Option<usize>,
    /// Passwords that may wait for a thread; more are refused with 503
    #[arg(long, env = "BCRYPT_QUEUE", default_value_t = 32)]
    pub bcrypt_queue: usize,
    /// Failures of one account within the window after which it is refused with 429; 0 never refuses
    #[arg(long, env = "THROTTLE_FAILURES", default_value_t = 10)]
    pub throttle_failures: u32,
    /// The window, from an account's first failure
    #[arg(long, env = "THROTTLE_WINDOW", default_value = "1m", value_parser = duration::parse)]
    pub throttle_window: Duration,
    /// Accounts whose failures are remembered at the same time; beyond it the oldest is forgotten
    #[arg(long, env = "THROTTLE_ACCOUNTS", default_value_t = 10_000, value_parser = count::positive)]
    pub throttle_accounts: usize,
    /// Circuit breaker.
    #[command(flatten)]
    pub breaker: BreakerArguments,
    /// Time for a request that brings no Request-Timeout
    #[arg(long, env = "REQUEST_TIMEOUT", default_value = "5s", value_parser = duration::parse)]
    pub request_timeout: Duration,
    /// Time for requests under way to end after SIGTERM
    #[arg(long, env = "DRAIN", default_value = "10s", value_parser = duration::parse)]
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

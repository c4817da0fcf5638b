//! The service, built and run.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use chassis::CancellationToken;
use chassis::gate::Gate;
use chassis::health::{Dependency, Readiness};
use chassis::metrics::Metrics;
use chassis::serve::{self, ServeError};
use prometheus_client::metrics::gauge::Gauge;
use sqlx::ConnectOptions;
use sqlx::postgres::PgConnectOptions;
use tokio::net::TcpListener;

use crate::checkers::{BcryptFailure, Checkers};
use crate::connections::Connections;
use crate::login::Login;
use crate::settings::Settings;
use crate::throttle::Throttle;
use crate::users::Users;
use crate::{routes, watch};

/// Time between two measurements of the queue for `/metrics`.
const MEASURE: Duration = Duration::from_secs(1);

/// The service, listening but not serving yet.
pub struct Application {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    login: Arc<Login>,
    connections: Connections,
    dependency: Dependency,
    waiting: Gauge,
    drain: Duration,
}

/// Settings that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// No place to listen.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// No URL of PostgreSQL. The URL is not repeated: a password may be in it.
    #[error("AUTHENTICATION_DATABASE_URL: expected postgres://user:password@host:5432/users_db: {0}")]
    Database(sqlx::Error),
    /// No bcrypt.
    #[error(transparent)]
    Bcrypt(#[from] BcryptFailure),
}

impl Application {
    /// Listens, and prepares everything that does not need PostgreSQL, which may come later.
    ///
    /// # Errors
    /// [`BuildError`] names the setting that can't be used.
    pub async fn build(settings: Settings) -> Result<Self, BuildError> {
        let database: PgConnectOptions =
            settings.database_url.expose().parse().map_err(BuildError::Database)?;
        let connections = Connections::new(database.disable_statement_logging(), gate(&settings));
        let login = Arc::new(login(&settings, connections.clone())?);
        let (readiness, metrics, waiting) = (Readiness::default(), Metrics::new(), Gauge::default());
        metrics.watch("postgres", connections.gate().breaker());
        metrics.register("bcrypt_waiting", "Passwords that wait for a thread", waiting.clone());
        let dependency = readiness.dependency("postgres");
        let router = routes::router(Arc::clone(&login), settings.request_timeout, readiness, &metrics);
        let listener = serve::bind(&settings.listen).await?;
        let address = serve::address_of(&listener)?;
        let drain = settings.drain;
        Ok(Self { listener, address, router, login, connections, dependency, waiting, drain })
    }

    /// Address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown`, then drains.
    ///
    /// # Errors
    /// [`ServeError`] when the listener broke.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), ServeError> {
        tracing::info!("listening on {}", self.address);
        let serving = serve::http(self.listener, self.router, shutdown, self.drain);
        tokio::select! {
            // The other two never end by themselves: the select ends them with the serving.
            ended = serving => ended,
            () = watch::watch(self.connections, self.dependency) => Ok(()),
            () = measure(&self.login, &self.waiting) => Ok(()),
        }
    }
}

fn gate(settings: &Settings) -> Gate {
    let breaker = settings.breaker.settings(settings.request_timeout);
    // As many places as connections, so that the list of idle ones needs no bound of its own.
    Gate::new("PostgreSQL", breaker, settings.database_connections, settings.database_queue_length)
}

fn login(settings: &Settings, connections: Connections) -> Result<Login, BcryptFailure> {
    // The cores that this process may use: its affinity and the quota of its cgroup count.
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = settings.bcrypt_threads.unwrap_or(cores);
    Ok(Login {
        throttle: Throttle::new(
            settings.throttle_failures,
            settings.throttle_window,
            settings.throttle_accounts,
        ),
        users: Users::new(connections),
        checkers: Checkers::new(threads, settings.bcrypt_queue_length, settings.bcrypt_cost)?,
    })
}

async fn measure(login: &Login, waiting: &Gauge) {
    loop {
        waiting.set(i64::try_from(login.checkers.waiting()).unwrap_or(i64::MAX));
        tokio::time::sleep(MEASURE).await;
    }
}

//! The service, built and run.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use chassis::CancellationToken;
use chassis::gate::Gate;
use chassis::health::{Dependency, Readiness};
use chassis::metrics::Metrics;
use chassis::router::Limits;
use chassis::serve::{self, ServeError};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::amqp::{self, Plan, Publisher};
use crate::authentication::Authentication;
use crate::grpc_logger::{Gates, GrpcLogger};
use crate::http_hop::HttpHop;
use crate::json_logger::JsonLogger;
use crate::routes::{self, Dependencies};
use crate::settings::Settings;
use crate::{cors, watch};

pub use crate::amqp::{BadAmqpUrl, PublishMode};
pub use crate::http_hop::BadHttpUrl;
pub use logger_client::BadEndpoint;

/// Pages of entries that are read at once; each may be large.
const READERS: usize = 16;

/// Time that the end may take once nothing is in flight.
const CLOSE: Duration = Duration::from_secs(2);

/// The service, listening but not serving yet.
pub struct Application {
    listener: TcpListener,
    address: SocketAddr,
    router: Router,
    dependencies: Arc<Dependencies>,
    signs: Signs,
    plan: Plan,
    drain: Duration,
}

/// Dependencies of `/readyz`, one for each watcher.
struct Signs {
    authentication: Dependency,
    json_logger: Dependency,
    grpc_logger: Dependency,
    rabbitmq: Dependency,
}

/// Settings that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// No place to listen.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// No URL of a service.
    #[error("{name}: {source}")]
    Url {
        /// Name of the setting.
        name: &'static str,
        /// Mistake in it.
        source: BadHttpUrl,
    },
    /// No URL of the logger's gRPC.
    #[error("BROKER_LOGGER_GRPC_URL: {0}")]
    Endpoint(#[from] BadEndpoint),
    /// No URL of RabbitMQ.
    #[error(transparent)]
    Amqp(#[from] BadAmqpUrl),
}

impl Application {
    /// Listens, and prepares the way to every dependency; none needs to be there yet.
    ///
    /// # Errors
    /// [`BuildError`] names the setting that can't be used.
    pub async fn build(settings: Settings) -> Result<Self, BuildError> {
        Self::build_with(settings, PublishMode::default()).await
    }

    /// Builds a broker that publishes in another mode.
    ///
    /// # Errors
    /// [`BuildError`] names the setting that can't be used.
    pub async fn build_with(settings: Settings, mode: PublishMode) -> Result<Self, BuildError> {
        let (readiness, metrics) = (Readiness::default(), Metrics::new());
        let signs = Signs::new(&readiness);
        let plan = plan(&settings, mode)?;
        let dependencies = Arc::new(dependencies(&settings, &signs)?);
        watch_breakers(&metrics, &dependencies);
        let limits = Limits { request_timeout: settings.request_timeout, body: settings.body_limit };
        let pages = cors::layer(&settings.cors_origins);
        let router = routes::router(Arc::clone(&dependencies), limits, pages, readiness, &metrics);
        let listener = serve::bind(&settings.listen).await?;
        let address = serve::address_of(&listener)?;
        Ok(Self { listener, address, router, dependencies, signs, plan, drain: settings.drain })
    }

    /// Address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown`, then drains: requests first, then the messages that RabbitMQ has not
    /// confirmed yet.
    ///
    /// # Errors
    /// [`ServeError`] when the listener broke.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), ServeError> {
        tracing::info!("listening on {}", self.address);
        let done = CancellationToken::new();
        let publisher = self.dependencies.publisher.clone();
        let supervising =
            tokio::spawn(amqp::supervise(publisher, self.plan, self.signs.rabbitmq.clone(), done.clone()));
        let watchers = watchers(&self.dependencies, self.signs);
        // Requests first: they are what the messages come from.
        let ended = serve::http(self.listener, self.router, shutdown, self.drain).await;
        // Before the connection to RabbitMQ: a watcher would take its end for a loss, and connect anew.
        drop(watchers);
        done.cancel();
        if tokio::time::timeout(CLOSE, supervising).await.is_err() {
            tracing::warn!("the connection to RabbitMQ did not close in time");
        }
        ended
    }
}

impl Signs {
    fn new(readiness: &Readiness) -> Self {
        Self {
            authentication: readiness.dependency("authentication"),
            json_logger: readiness.dependency("logger-http"),
            grpc_logger: readiness.dependency("logger-grpc"),
            rabbitmq: readiness.dependency("rabbitmq"),
        }
    }
}

fn dependencies(settings: &Settings, signs: &Signs) -> Result<Dependencies, BuildError> {
    let authentication =
        http(settings, "BROKER_AUTHENTICATION_URL", &settings.authentication_url, "authentication")?;
    let json_logger =
        http(settings, "BROKER_LOGGER_HTTP_URL", &settings.logger_http_url, "the logger's HTTP")?;
    let grpc_logger = GrpcLogger::new(
        &settings.logger_grpc_url,
        settings.grpc_connections,
        settings.connect_timeout,
        // A gate for each use: large pages must not take the places of entries, nor open their breaker.
        Gates {
            storing: gate(settings, "the logger's gRPC", settings.max_in_flight),
            reading: gate(settings, "the logger's gRPC", READERS),
        },
        signs.grpc_logger.clone(),
    )?;
    Ok(Dependencies {
        authentication: Authentication::new(authentication),
        json_logger: JsonLogger::new(json_logger, signs.json_logger.clone()),
        grpc_logger,
        publisher: Publisher::new(gate(settings, "RabbitMQ", settings.amqp_outstanding)),
    })
}

fn http(
    settings: &Settings,
    setting: &'static str,
    url: &str,
    dependency: &'static str,
) -> Result<HttpHop, BuildError> {
    let gate = gate(settings, dependency, settings.max_in_flight);
    HttpHop::new(url, gate, settings.connect_timeout, settings.max_in_flight)
        .map_err(|source| BuildError::Url { name: setting, source })
}

fn gate(settings: &Settings, dependency: &'static str, inside: usize) -> Gate {
    let breaker = settings.breaker.settings(settings.request_timeout);
    Gate::new(dependency, breaker, inside, settings.queue_length)
}

fn plan(settings: &Settings, mode: PublishMode) -> Result<Plan, BadAmqpUrl> {
    Plan::new(
        &settings.amqp_url,
        settings.amqp_heartbeat,
        settings.amqp_channels,
        settings.connect_timeout,
        mode,
    )
}

fn watch_breakers(metrics: &Metrics, dependencies: &Dependencies) {
    metrics.watch("authentication", dependencies.authentication.gate().breaker());
    metrics.watch("logger-http", dependencies.json_logger.gate().breaker());
    metrics.watch("logger-grpc", dependencies.grpc_logger.gate().breaker());
    metrics.watch("logger-grpc-reading", dependencies.grpc_logger.reading().breaker());
    metrics.watch("rabbitmq", dependencies.publisher.gate().breaker());
}

/// Starts the watchers; they end with the set.
fn watchers(dependencies: &Dependencies, signs: Signs) -> JoinSet<()> {
    let mut watchers = JoinSet::new();
    for (hop, sign) in [
        (dependencies.authentication.hop().clone(), signs.authentication),
        (dependencies.json_logger.hop().clone(), signs.json_logger),
    ] {
        let breakers = vec![hop.gate().breaker().clone()];
        let look = move || watch::readyz(hop.clone());
        watchers.spawn(watch::watch(sign, breakers, look.clone(), look));
    }
    let (here, away) = (dependencies.grpc_logger.clone(), dependencies.grpc_logger.clone());
    let breakers = vec![here.gate().breaker().clone(), here.reading().breaker().clone()];
    let seek = move || {
        let logger = away.clone();
        async move { logger.seek().await }
    };
    let look = move || {
        let logger = here.clone();
        async move { logger.look().await }
    };
    watchers.spawn(watch::watch(signs.grpc_logger, breakers, seek, look));
    watchers
}

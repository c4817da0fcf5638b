//! Puts the parts together: one session after the other, the watch of the logger, HTTP for health.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use chassis::CancellationToken;
use chassis::attempts::Attempts;
use chassis::health::{Dependency, Readiness};
use chassis::link::Keeper;
use chassis::metrics::Metrics;
use chassis::router::Limits;
use chassis::serve::{self, ServeError};
use logger_client::BadEndpoint;
use tokio::net::TcpListener;

use crate::buffer::CallLimits;
use crate::damaged::DamagedMessages;
use crate::logger::Logger;
use crate::metrics::ListenerMetrics;
use crate::rabbit::RabbitTarget;
use crate::session::{Session, SessionContext};
use crate::settings::Settings;

pub use crate::rabbit::{BadRabbitUrl, ConsumeMode};

/// Attempts to connect to RabbitMQ.
// Few at once: each that hangs has a thread until RabbitMQ answers.
const ATTEMPTS: Attempts = Attempts::each(Duration::from_secs(10));

/// Limits of requests for its health and metrics, which have no body.
const HEALTH_LIMITS: Limits = Limits { request_timeout: Duration::from_secs(5), body: 0 };

/// A listener that is ready to run.
pub struct Application {
    http: TcpListener,
    address: SocketAddr,
    router: Router,
    target: Arc<RabbitTarget>,
    context: SessionContext,
    rabbit: Dependency,
    logger: Dependency,
    drain: Duration,
}

/// Reason why a listener could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The address is taken.
    #[error(transparent)]
    Listen(#[from] ServeError),
    /// RabbitMQ's URL can't be used.
    #[error(transparent)]
    AmqpUrl(#[from] BadRabbitUrl),
    /// The logger's URL can't be used.
    #[error("LISTENER_LOGGER_GRPC_URL: {0}")]
    LoggerUrl(#[from] BadEndpoint),
}

impl Application {
    /// Listens on the address, of which port 0 picks a free one. RabbitMQ and the logger may not be there
    /// yet.
    ///
    /// # Errors
    /// [`BuildError`] for an address that is taken and for URLs that can't be used.
    pub async fn build(settings: Settings) -> Result<Self, BuildError> {
        Self::build_with(settings, ConsumeMode::default()).await
    }

    /// Builds a listener that consumes in another mode.
    ///
    /// # Errors
    /// [`BuildError`] for an address that is taken and for URLs that can't be used.
    pub async fn build_with(settings: Settings, mode: ConsumeMode) -> Result<Self, BuildError> {
        let target = RabbitTarget::parse(settings.amqp_url.expose(), settings.prefetch, mode)?;
        let logger = Logger::new(&settings.logger_grpc_url, settings.call_timeout)?;
        let (metrics, readiness) = (Metrics::new(), Readiness::default());
        let context = SessionContext {
            logger,
            limits: CallLimits { entries: settings.max_batch, bytes: settings.max_batch_bytes },
            calls: settings.max_in_flight,
            acknowledges: target.acknowledges(),
            metrics: ListenerMetrics::new(&metrics),
            damaged: DamagedMessages::default(),
        };
        let http = serve::bind(&settings.listen).await?;
        Ok(Self {
            address: serve::address_of(&http)?,
            http,
            rabbit: readiness.dependency("rabbitmq"),
            logger: readiness.dependency("logger"),
            router: chassis::router::finish(Router::new(), HEALTH_LIMITS, readiness, &metrics),
            target: Arc::new(target),
            context,
            drain: settings.drain,
        })
    }

    /// The address of HTTP.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Works until `shutdown`, then finishes the calls in flight and ends.
    ///
    /// # Errors
    /// [`ServeError`] when the HTTP listener broke.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), ServeError> {
        tracing::info!("HTTP on {}", self.address);
        let broken = shutdown.clone();
        let http = serve::http(self.http, self.router, shutdown.clone(), self.drain);
        // A listener whose health nobody can ask for must not go on: the sessions end too.
        let http = async { http.await.inspect_err(|_| broken.cancel()) };
        let sessions = sessions(&self.target, &self.context, &self.rabbit, &shutdown, self.drain);
        let keeper = self.context.logger.clone();
        let work = async {
            tokio::select! {
                () = sessions => {}
                // It has no end of its own; the sessions need it until theirs.
                () = keeper.keep(&self.logger) => {}
            }
        };
        // Both to their ends: the calls in flight are finished though HTTP has drained already.
        let (http, ()) = tokio::join!(http, work);
        http
    }
}

/// Runs one session after the other, until `shutdown`.
async fn sessions(
    target: &Arc<RabbitTarget>,
    context: &SessionContext,
    dependency: &Dependency,
    shutdown: &CancellationToken,
    drain: Duration,
) {
    let keeper = Keeper { attempts: ATTEMPTS, dependency, end: shutdown.clone() };
    let session = |rabbit| async move {
        dependency.ready();
        let ended = Session::new(context.clone(), rabbit).run(shutdown, drain).await;
        ended.err().map(|ended| ended.to_string()).unwrap_or_default()
    };
    keeper.run(|| Arc::clone(target).connect(), |_| {}, session).await;
}

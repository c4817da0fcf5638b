//! Puts the parts together: two doors, one intake, committers, the watch of the store.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use chassis::CancellationToken;
use chassis::admission::Admission;
use chassis::health::{Dependency, Readiness};
use chassis::metrics::Metrics;
use chassis::serve::{self, ServeError};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::batch::BatchLimits;
use crate::committer::{self, Committer};
use crate::comparer::Comparer;
use crate::fingerprint::Fingerprints;
use crate::grpc::{GrpcServer, Service};
use crate::http;
use crate::intake::Intake;
use crate::metrics::LoggerMetrics;
use crate::queue::CommitQueue;
use crate::recent::Recent;
use crate::settings::Settings;
use crate::store::{Store, StoreTarget};

pub use crate::grpc::ServeGrpcError;
pub use crate::intake::StoreMode;
pub use crate::store::BadMongoUrl;

/// Reads beside each other, and waiting: few, since each may hold megabytes.
const READERS: (usize, usize) = (2, 32);

/// A logger that listens and is ready to run.
pub struct Application {
    http: TcpListener,
    grpc: TcpListener,
    address: SocketAddr,
    grpc_address: SocketAddr,
    router: Router,
    server: GrpcServer,
    committers: Vec<Committer>,
    store: Store,
    dependency: Dependency,
    queue: Arc<CommitQueue>,
    down_grace: Duration,
    drain: Duration,
}

/// Reason why a logger could not be built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// An address is taken.
    #[error(transparent)]
    Listen(#[from] ServeError),
    /// MongoDB's connection string can't be used.
    #[error(transparent)]
    MongoUrl(#[from] BadMongoUrl),
}

/// Reason why a logger ended.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The HTTP listener broke.
    #[error(transparent)]
    Http(#[from] ServeError),
    /// The gRPC listener broke.
    #[error(transparent)]
    Grpc(#[from] ServeGrpcError),
}

impl Application {
    /// Listens on both addresses, of which port 0 picks a free one. The store may not be there yet.
    ///
    /// # Errors
    /// [`BuildError`] for an address that is taken and for a connection string that can't be used.
    pub async fn build(settings: Settings) -> Result<Self, BuildError> {
        Self::build_with(settings, StoreMode::default()).await
    }

    /// Builds a logger that stores in another mode.
    ///
    /// # Errors
    /// [`BuildError`] for an address that is taken and for a connection string that can't be used.
    pub async fn build_with(settings: Settings, mode: StoreMode) -> Result<Self, BuildError> {
        let target = StoreTarget::parse(settings.mongo_url.expose(), &settings.collection).await?;
        let (http, grpc) = (serve::bind(&settings.listen).await?, serve::bind(&settings.grpc_listen).await?);
        let (address, grpc_address) = (serve::address_of(&http)?, serve::address_of(&grpc)?);
        let (metrics, readiness) = (Metrics::new(), Readiness::default());
        let fingerprints = Fingerprints::default();
        let store = Store::new(target, fingerprints.clone());
        let intake = intake(&settings, fingerprints, LoggerMetrics::new(&metrics), mode);
        let service = service(&settings, intake.clone(), store.clone());
        Ok(Self {
            http,
            grpc,
            address,
            grpc_address,
            dependency: readiness.dependency("mongo"),
            queue: Arc::clone(&intake.queue),
            committers: vec![committer(&settings, &intake, store.clone()); settings.writers],
            router: http::router(intake, settings.request_timeout, readiness, &metrics),
            server: GrpcServer { service, drain: settings.drain, reflection: settings.grpc_reflection },
            store,
            down_grace: settings.down_grace,
            drain: settings.drain,
        })
    }

    /// The address of HTTP.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address of gRPC.
    #[must_use]
    pub fn grpc_address(&self) -> SocketAddr {
        self.grpc_address
    }

    /// Serves until `shutdown`, then answers what is in flight and ends.
    ///
    /// # Errors
    /// [`RunError`] when a listener broke.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), RunError> {
        tracing::info!("HTTP on {}, gRPC on {}", self.address, self.grpc_address);
        // Aborted when this function ends: by then every caller has had an answer.
        let mut background = JoinSet::new();
        for committer in self.committers {
            background.spawn(committer.run());
        }
        let sweep =
            committer::refuse_while_down(Arc::clone(&self.queue), self.store.clone(), self.down_grace);
        background.spawn(sweep);
        let (store, dependency) = (self.store, self.dependency);
        background.spawn(async move { store.keep(&dependency).await });
        let broken = shutdown.clone();
        let http = serve::http(self.http, self.router, shutdown.clone(), self.drain);
        let grpc = self.server.run(self.grpc, shutdown);
        // Should one door break, the other is closed as well: a logger with one door is no logger.
        let http = async { http.await.inspect_err(|_| broken.cancel()) };
        let grpc = async { grpc.await.inspect_err(|_| broken.cancel()) };
        let (http, grpc) = tokio::join!(http, grpc);
        // After both servers: calls in flight still put entries in.
        self.queue.close();
        http?;
        Ok(grpc?)
    }
}

fn service(settings: &Settings, intake: Intake, store: Store) -> Service {
    Service {
        intake,
        store,
        readers: Admission::new(READERS.0, READERS.1),
        max_batch: settings.max_batch,
        request_timeout: settings.request_timeout,
    }
}

fn committer(settings: &Settings, intake: &Intake, store: Store) -> Committer {
    Committer {
        queue: Arc::clone(&intake.queue),
        recent: Arc::clone(&intake.recent),
        comparer: Comparer::new(store.clone(), Arc::clone(&intake.recent)),
        store,
        limits: BatchLimits { entries: settings.max_batch, bytes: settings.max_batch_bytes },
        metrics: intake.metrics.clone(),
    }
}

fn intake(
    settings: &Settings,
    fingerprints: Fingerprints,
    metrics: LoggerMetrics,
    mode: StoreMode,
) -> Intake {
    Intake {
        queue: Arc::new(CommitQueue::new(settings.queue_length, settings.queue_bytes)),
        recent: Arc::new(Recent::new(if mode.remembers { settings.recent_ids } else { 0 })),
        fingerprints,
        metrics,
        mode,
    }
}

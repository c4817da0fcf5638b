//! The gRPC server: the service, health, and reflection where it is asked for; drains at shutdown.

use std::time::Duration;

use chassis::CancellationToken;
use chassis::link::LinkState;
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};
use wire::entry::MAX_BATCH_BYTES;
use wire::grpc::logger_service_server::{LoggerServiceServer, SERVICE_NAME};

use super::Service;
use crate::store::Store;

/// The descriptors of the service can't be served.
#[derive(Debug, thiserror::Error)]
#[error("the description of the gRPC service can't be served: {0}")]
pub struct BadReflection(#[from] tonic_reflection::server::Error);

/// Server of gRPC.
pub(crate) struct GrpcServer {
    pub(crate) service: Service,
    pub(crate) drain: Duration,
    /// True to describe the service to whoever asks.
    pub(crate) reflection: bool,
}

impl GrpcServer {
    /// Serves until `shutdown`, then finishes what is in flight, for as long as the drain allows.
    pub(crate) async fn run(
        self,
        listener: TcpListener,
        shutdown: CancellationToken,
    ) -> Result<(), ServeGrpcError> {
        let (drain, reporter) = (self.drain, HealthReporter::new());
        let told = tell_health(reporter.clone(), self.service.store.clone(), shutdown.clone());
        let limit = async {
            shutdown.cancelled().await;
            tokio::time::sleep(drain).await;
        };
        tokio::select! {
            ended = self.serve(listener, reporter, shutdown.clone()) => ended,
            () = told => Ok(()),
            () = limit => {
                tracing::warn!("gRPC calls were still in flight after {drain:?}; they are cut off");
                Ok(())
            }
        }
    }

    async fn serve(
        self,
        listener: TcpListener,
        reporter: HealthReporter,
        shutdown: CancellationToken,
    ) -> Result<(), ServeGrpcError> {
        let health = HealthServer::new(HealthService::from_health_reporter(reporter));
        let service = LoggerServiceServer::new(self.service).max_decoding_message_size(MAX_BATCH_BYTES);
        let (v1, v1alpha) = match self.reflection {
            true => (
                Some(reflection().build_v1().map_err(BadReflection)?),
                Some(reflection().build_v1alpha().map_err(BadReflection)?),
            ),
            false => (None, None),
        };
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        Server::builder()
            // A client whose link was cut would hold its streams for ever.
            .http2_keepalive_interval(Some(Duration::from_secs(10)))
            .http2_keepalive_timeout(Some(Duration::from_secs(5)))
            .add_service(service)
            .add_service(health)
            .add_optional_service(v1)
            .add_optional_service(v1alpha)
            .serve_with_incoming_shutdown(incoming, async move { shutdown.cancelled().await })
            .await
            .map_err(ServeGrpcError::Broken)
    }
}

/// gRPC could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeGrpcError {
    /// See [`BadReflection`].
    #[error(transparent)]
    Reflection(#[from] BadReflection),
    /// The listener broke.
    #[error("the gRPC listener broke: {0}")]
    Broken(tonic::transport::Error),
}

fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(wire::grpc::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

/// SERVING only while the store is there.
// Runs for ever.
async fn tell_health(reporter: HealthReporter, store: Store, shutdown: CancellationToken) {
    let mut state = store.link.watch();
    loop {
        // Not while it drains: clients should turn to another logger before their connections end.
        let up = matches!(*state.borrow_and_update(), LinkState::Up(_)) && !shutdown.is_cancelled();
        let status = if up { ServingStatus::Serving } else { ServingStatus::NotServing };
        // In gRPC's health protocol the empty name is the whole server.
        for service in ["", SERVICE_NAME] {
            reporter.set_service_status(service, status).await;
        }
        tokio::select! {
            // The store is ours: its state has no end.
            _ = state.changed() => {}
            // Without the condition this would be a busy loop after the shutdown.
            () = shutdown.cancelled(), if !shutdown.is_cancelled() => {}
        }
    }
}

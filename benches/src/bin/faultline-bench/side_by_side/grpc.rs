//! Calls of the logger and of a bare grpc-go server, by the same callers. The logger answers when the entry is stored; the
//! other stores nothing.

use std::time::Duration;

use benches::grpc::GrpcCaller;
use benches::{BenchError, RunningSystem};

use super::server::{CONNECTIONS, MeasuredServer, ServerSample};
use crate::rounds::Rounds;
use crate::session::Notes;
use crate::store::SIZE;

/// Servers that answer `LogActivity`.
pub(super) struct Grpc<'a> {
    logger: MeasuredServer<'a>,
    go: Option<MeasuredServer<'a>>,
    time: Duration,
}

impl<'a> Grpc<'a> {
    pub(super) fn start(
        system: &'a RunningSystem,
        time: Duration,
        notes: &mut Notes,
    ) -> Result<Self, BenchError> {
        let go = MeasuredServer::go("gRPC: grpc-go", "grpc", notes)?;
        Ok(Self { logger: MeasuredServer::node("gRPC: logger", system, "logger", 50001)?, go, time })
    }

    pub(super) async fn round(&self, rounds: &mut Rounds) -> Result<(), BenchError> {
        let logger = self.measure(&self.logger, rounds).await?;
        // The ratio is no verdict on tonic: it shows what storing costs beside answering.
        if let Some(go) = &self.go {
            let go = self.measure(go, rounds).await?;
            rounds.add("gRPC: rate, logger to grpc-go", "", logger.rate / go.rate);
        }
        Ok(())
    }

    async fn measure(
        &self,
        server: &MeasuredServer<'_>,
        rounds: &mut Rounds,
    ) -> Result<ServerSample, BenchError> {
        let connect = async |address| GrpcCaller::many(CONNECTIONS, address, SIZE).await;
        server.measure(connect, self.time, rounds).await
    }
}

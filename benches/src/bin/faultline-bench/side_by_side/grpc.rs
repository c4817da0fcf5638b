//! Calls of the logger and of a bare grpc-go server, by the same callers. The logger answers when the entry is stored; the
//! other stores nothing.

use std::time::Duration;

use benches::grpc::GrpcCaller;
use benches::{Failure, System};

use super::server::{CONNECTIONS, Sample, Server};
use crate::rounds::Rounds;
use crate::session::Notes;
use crate::store::SIZE;

/// Servers that answer `LogActivity`.
pub(super) struct Grpc<'a> {
    logger: Server<'a>,
    go: Option<Server<'a>>,
    time: Duration,
}

impl<'a> Grpc<'a> {
    pub(super) fn start(system: &'a System, time: Duration, notes: &mut Notes) -> Result<Self, Failure> {
        let go = Server::go("gRPC: grpc-go", "grpc", notes)?;
        Ok(Self { logger: Server::node("gRPC: logger", system, "logger", 50001)?, go, time })
    }

    pub(super) async fn round(&self, rounds: &mut Rounds) -> Result<(), Failure> {
        let logger = self.measure(&self.logger, rounds).await?;
        if let Some(go) = &self.go {
            let go = self.measure(go, rounds).await?;
            rounds.add("gRPC: rate, logger to grpc-go", "", logger.rate / go.rate);
        }
        Ok(())
    }

    async fn measure(&self, server: &Server<'_>, rounds: &mut Rounds) -> Result<Sample, Failure> {
        let address = server.address;
        let connect = async move || GrpcCaller::many(CONNECTIONS, address, SIZE).await;
        server.measure(connect, self.time, rounds).await
    }
}

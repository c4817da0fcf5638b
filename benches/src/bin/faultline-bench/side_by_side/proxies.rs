//! Entries by log-grpc on two systems: one whose links have the proxies of `faultline up`, and one without.

use std::time::Duration;

use benches::http::Question;
use benches::prepared::PreparedCaller;
use benches::{BenchError, RunningSystem};

use super::server::{CONNECTIONS, MeasuredServer, ServerSample};
use crate::rounds::Rounds;
use crate::store::SIZE;

/// Brokers of both systems.
pub(super) struct Proxies<'a> {
    direct: MeasuredServer<'a>,
    proxied: MeasuredServer<'a>,
    time: Duration,
}

impl<'a> Proxies<'a> {
    pub(super) fn new(
        direct: &'a RunningSystem,
        proxied: &'a RunningSystem,
        time: Duration,
    ) -> Result<Self, BenchError> {
        let server = |name, system| MeasuredServer::node(name, system, "broker", 8080);
        let direct = server("log-grpc: direct", direct)?;
        Ok(Self { direct, proxied: server("log-grpc: proxied", proxied)?, time })
    }

    // The proxies run in this program, as they run in `faultline up`; the callers have a thread of their own.
    pub(super) async fn round(&self, rounds: &mut Rounds) -> Result<(), BenchError> {
        let direct = self.measure(&self.direct, rounds).await?;
        let proxied = self.measure(&self.proxied, rounds).await?;
        rounds.add("log-grpc: rate, proxied to direct", "", proxied.rate / direct.rate);
        Ok(())
    }

    async fn measure(
        &self,
        server: &MeasuredServer<'_>,
        rounds: &mut Rounds,
    ) -> Result<ServerSample, BenchError> {
        let question = Question::Log { route: "/grpc-logger", size: SIZE };
        let connect = async move |address| PreparedCaller::many(CONNECTIONS, address, &question).await;
        server.measure(connect, self.time, rounds).await
    }
}

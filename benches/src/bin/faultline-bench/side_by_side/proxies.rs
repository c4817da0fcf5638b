//! Entries by log-grpc on two systems: one whose links have the proxies of `faultline up`, and one without.

use std::time::Duration;

use benches::http::Question;
use benches::prepared::PreparedCaller;
use benches::{Failure, System};

use super::server::{CONNECTIONS, Sample, Server};
use crate::rounds::Rounds;
use crate::store::SIZE;

/// Brokers of both systems.
pub(super) struct Proxies<'a> {
    direct: Server<'a>,
    proxied: Server<'a>,
    time: Duration,
}

impl<'a> Proxies<'a> {
    pub(super) fn new(direct: &'a System, proxied: &'a System, time: Duration) -> Result<Self, Failure> {
        let server = |name, system| Server::node(name, system, "broker", 8080);
        let direct = server("log-grpc: direct", direct)?;
        Ok(Self { direct, proxied: server("log-grpc: proxied", proxied)?, time })
    }

    pub(super) async fn round(&self, rounds: &mut Rounds) -> Result<(), Failure> {
        let direct = self.measure(&self.direct, rounds).await?;
        let proxied = self.measure(&self.proxied, rounds).await?;
        rounds.add("log-grpc: rate, proxied to direct", "", proxied.rate / direct.rate);
        Ok(())
    }

    async fn measure(&self, server: &Server<'_>, rounds: &mut Rounds) -> Result<Sample, Failure> {
        let address = server.address;
        let question = Question::Log { route: "/grpc-logger", size: SIZE };
        let connect = async move || PreparedCaller::many(CONNECTIONS, address, &question).await;
        server.measure(connect, self.time, rounds).await
    }
}

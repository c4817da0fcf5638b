//! Pings of the broker, of a bare hyper server and of Go's net/http, by the same callers; and of the broker by wrk.

use std::time::Duration;

use benches::http::Question;
use benches::prepared::PreparedCaller;
use benches::side_by_side::WRK;
use benches::{BenchError, RunningSystem};

use super::server::{CONNECTIONS, MeasuredServer, ServerSample};
use super::wrk::Wrk;
use crate::rounds::Rounds;
use crate::session::Notes;

/// Servers that answer pings, and wrk if it is installed.
pub(super) struct Ping<'a> {
    broker: MeasuredServer<'a>,
    /// Bare servers, each with the name of the ratio of the broker's CPU to its own.
    references: Vec<(MeasuredServer<'a>, &'static str)>,
    wrk: Option<Wrk>,
    time: Duration,
}

impl<'a> Ping<'a> {
    pub(super) fn start(
        system: &'a RunningSystem,
        time: Duration,
        notes: &mut Notes,
    ) -> Result<Self, BenchError> {
        let mut references = vec![(MeasuredServer::hyper("ping: hyper")?, "ping: cpu, broker to hyper")];
        if let Some(server) = MeasuredServer::go("ping: net/http", "http", notes)? {
            references.push((server, "ping: cpu, broker to net/http"));
        }
        let wrk = Wrk::find()?;
        notes.fact(WRK, wrk.as_ref().map_or("not installed", Wrk::version));
        Ok(Self {
            broker: MeasuredServer::node("ping: broker", system, "broker", 8080)?,
            references,
            wrk,
            time,
        })
    }

    pub(super) async fn round(&self, rounds: &mut Rounds) -> Result<(), BenchError> {
        let broker = self.measure(&self.broker, rounds).await?;
        for (server, ratio) in &self.references {
            let reference = self.measure(server, rounds).await?;
            // Of one round, and not of the medians: both sides then had the same machine.
            rounds.add(ratio, "", broker.cpu / reference.cpu);
        }
        // Last, and so farthest from the bench's own measurement of the broker: the agreement must bear that.
        if let Some(wrk) = &self.wrk {
            let before = self.broker.cpu()?;
            let summary = wrk.run(self.broker.address, CONNECTIONS, self.time).await?;
            let used = self.broker.cpu()?.saturating_sub(before);
            let cpu = used.as_secs_f64() * 1000.0 / summary.requests as f64;
            ServerSample { rate: summary.rate, cpu }.add("ping: broker by wrk", rounds);
            rounds.add("ping: rate, wrk to bench", "", summary.rate / broker.rate);
        }
        Ok(())
    }

    async fn measure(
        &self,
        server: &MeasuredServer<'_>,
        rounds: &mut Rounds,
    ) -> Result<ServerSample, BenchError> {
        let connect = async |address| PreparedCaller::many(CONNECTIONS, address, &Question::Ping).await;
        server.measure(connect, self.time, rounds).await
    }
}

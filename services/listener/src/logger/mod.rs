//! The logger: one connection that is kept, and the calls on it.

mod verdict;

use std::time::Duration;

use chassis::attempts::Attempts;
use chassis::deadline::Deadline;
use chassis::health::Dependency;
use chassis::link::{Connection, Link, until_lost};
use logger_client::{BadEndpoint, Call, Client};
use tonic::transport::Endpoint;
use wire::grpc::LogRequest;
use wire::trace::TraceContext;

pub(crate) use verdict::Verdict;

/// Bound of making the TCP connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// A logger that does not answer for so long is taken for gone.
const LOOK: Duration = Duration::from_secs(2);

/// Attempts to connect.
const ATTEMPTS: Attempts = Attempts::each(Duration::from_secs(5));

/// Time that the logger's own word has to arrive after the deadline that it is told.
const WAY_BACK: Duration = Duration::from_millis(100);

/// The logger; clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Logger {
    endpoint: Endpoint,
    call_timeout: Duration,
    /// The connection; [`Logger::keep`] makes it.
    pub(crate) link: Link<Client>,
}

impl Logger {
    /// A logger that nobody has tried yet.
    pub(crate) fn new(url: &str, call_timeout: Duration) -> Result<Self, BadEndpoint> {
        let endpoint = logger_client::endpoint(url)?.connect_timeout(CONNECT_TIMEOUT);
        Ok(Self { endpoint, call_timeout, link: Link::default() })
    }

    /// Keeps the logger connected, for ever, and says so to `dependency`.
    // To end it, drop the future.
    pub(crate) async fn keep(&self, dependency: &Dependency) {
        let connect = || {
            let endpoint = self.endpoint.clone();
            async move { Client::connect(&endpoint).await }
        };
        // Without breakers: messages wait for the logger, so nobody has to be refused meanwhile.
        let look = async |client: &Connection<Client>| until_lost(&[], LOOK, || client.probe()).await;
        self.link.keep(ATTEMPTS, dependency, connect, look).await;
    }

    /// Brings entries to the logger; the verdicts are in their order.
    // A logger of another implementation knows no ids: what is unknown there is brought again all the same, and may
    // then be stored twice.
    pub(crate) async fn store(
        &self,
        client: Connection<Client>,
        entries: Vec<LogRequest>,
        trace: Option<TraceContext>,
    ) -> Vec<Verdict> {
        let told = Deadline::after(self.call_timeout);
        let call = Call { wait: Deadline::after(self.call_timeout + WAY_BACK), told, trace };
        let mut verdicts =
            vec![Verdict::Again("the connection to the logger was lost".to_owned()); entries.len()];
        let judge = |place: usize, report: logger_client::Report| {
            let lost = report.lost;
            let verdict = Verdict::from(report);
            if let (true, Verdict::Again(reason)) = (lost, &verdict) {
                self.link.report(&client, reason.as_str());
            }
            if let Some(of_this) = verdicts.get_mut(place) {
                *of_this = verdict;
            }
        };
        tokio::select! {
            // Answers first: those that came together with the loss count.
            biased;
            () = client.store_all(&entries, call, judge) => {}
            // The call is dropped and may still store its entries; they are brought again under the same ids.
            () = self.link.lost(&client) => {}
        }
        verdicts
    }
}

//! Keeps the publisher connected: makes a link, watches it, makes the next.

use std::sync::Arc;
use std::time::Duration;

use chassis::CancellationToken;
use chassis::attempts::Attempts;
use chassis::health::Dependency;
use chassis::link::Keeper;

use super::link::{AmqpLink, Plan};
use super::{OpenLink, Publisher, PublisherState};

/// Attempts to connect.
// Each takes a dozen round trips, for which a slow link needs its time.
const ATTEMPTS: Attempts = Attempts::each(Duration::from_secs(30));

/// Keeps the publisher connected until `done`, then closes the connection in order.
pub(crate) async fn supervise(
    publisher: Publisher,
    plan: Plan,
    dependency: Dependency,
    done: CancellationToken,
) {
    let plan = Arc::new(plan);
    let keeper = Keeper { attempts: ATTEMPTS, dependency: &dependency, end: done.clone() };
    let waiting = |reason: &str| publisher.set(PublisherState::Down(reason.to_owned()));
    let session = |opened: (AmqpLink, OpenLink)| session(&publisher, opened, &dependency, &done);
    keeper.run(|| AmqpLink::open(Arc::clone(&plan)), waiting, session).await;
}

/// Publishes over one link until it is lost or `done`; returns why it is lost.
async fn session(
    publisher: &Publisher,
    (mut link, up): (AmqpLink, OpenLink),
    dependency: &Dependency,
    done: &CancellationToken,
) -> String {
    let breaker = publisher.gate().breaker();
    // Ready comes last: whoever reads it must be able to publish.
    publisher.set(PublisherState::Up(Arc::new(up)));
    breaker.close();
    dependency.ready();
    let Some(lost) = done.run_until_cancelled(link.watch(dependency, breaker)).await else {
        let why = "the broker is shutting down".to_owned();
        // Before the close, since it drops the senders of orders: the channels end only without them.
        publisher.set(PublisherState::Down(why.clone()));
        link.close().await;
        return why;
    };
    // Before the cut: what comes meanwhile is refused, instead of being lost with the connection.
    publisher.set(PublisherState::Down(lost.clone()));
    link.cut().await;
    lost
}

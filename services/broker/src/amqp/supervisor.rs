//! Makes a link, watches it, makes the next.

use std::sync::Arc;
use std::time::Duration;

use chassis::CancellationToken;
use chassis::attempts::Attempts;
use chassis::health::Dependency;

use super::link::{Link, Plan};
use super::{Current, Publisher};

/// Attempts to connect: one that hangs does not keep the next from beginning. Each takes a dozen round
/// trips, for which a slow link needs its time.
const ATTEMPTS: Attempts =
    Attempts { pace: Duration::from_millis(250), beside: 3, each: Duration::from_secs(30) };

/// Keeps the publisher connected until `done`, then closes the connection in order.
pub(crate) async fn supervise(
    publisher: Publisher,
    plan: Plan,
    dependency: Dependency,
    done: CancellationToken,
) {
    let plan = Arc::new(plan);
    loop {
        let opening = ATTEMPTS.until_success(|| Link::open(Arc::clone(&plan)), |why| dependency.waits(why));
        let (mut link, up) = tokio::select! {
            opened = opening => opened,
            () = done.cancelled() => return,
        };
        publisher.set(Current::Up(Arc::new(up)));
        publisher.gate().breaker().close();
        dependency.ready();
        tracing::info!("connected to RabbitMQ");
        let lost = tokio::select! {
            lost = link.watch(&dependency, publisher.gate().breaker()) => lost,
            () = done.cancelled() => {
                publisher.set(Current::Down("the broker is shutting down".to_owned()));
                return link.close().await;
            }
        };
        tracing::warn!("the connection to RabbitMQ is lost: {lost}");
        dependency.waits(lost.as_str());
        publisher.set(Current::Down(lost));
        link.cut().await;
    }
}

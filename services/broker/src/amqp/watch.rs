//! Watch over a link: the events of its connection, RabbitMQ's answers, and queues that are missing.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use chassis::breaker::{Breaker, BreakerState};
use chassis::health::Dependency;
use futures::{Stream, StreamExt};
use lapin::Event;
use tokio::sync::Notify;

/// Time for which RabbitMQ may be silent before it is no longer taken for ready.
const SILENCE: Duration = Duration::from_secs(3);

/// Silences in a row after which the connection is taken for lost.
// Its heartbeat does not show every silence: a damaged length has the library wait for a frame of gigabytes, of which
// each heartbeat is another few bytes.
const SILENCES: u32 = 3;

/// RabbitMQ's answer to a request.
pub(super) type Answer = Pin<Box<dyn Future<Output = lapin::Result<()>> + Send>>;

type Request = Box<dyn Fn() -> Answer + Send + Sync>;

/// Watch over a link.
pub(super) struct LinkWatch<'a> {
    pub(super) dependency: &'a Dependency,
    pub(super) breaker: &'a Breaker,
    /// Told when RabbitMQ had no queue for a message.
    pub(super) unroutable: &'a Notify,
    /// Declares exchange and queues.
    pub(super) declare: Request,
    /// Asks for a sign of life.
    pub(super) look: Request,
    /// Reports whether RabbitMQ has blocked the connection.
    pub(super) is_blocked: Box<dyn Fn() -> bool + Send + Sync>,
}

impl LinkWatch<'_> {
    /// Watches until the link is lost, and returns why.
    pub(super) async fn until_lost(&self, events: impl Stream<Item = Event> + Unpin) -> String {
        // Each in a loop of its own: a declaration that RabbitMQ does not answer must not stop the looks, which notice
        // that, and an event must not begin their count of silences anew.
        tokio::select! {
            lost = self.events(events) => lost,
            lost = self.declarations() => lost,
            lost = self.looks() => lost,
        }
    }

    async fn events(&self, mut events: impl Stream<Item = Event> + Unpin) -> String {
        while let Some(event) = events.next().await {
            match event {
                Event::ConnectionBlocked(why) => {
                    tracing::warn!("RabbitMQ takes no messages: {why}");
                    self.dependency.waits(format!("RabbitMQ takes no messages: {why}"));
                }
                Event::ConnectionUnblocked => self.dependency.ready(),
                Event::Error(error) => return error.to_string(),
                _ => {}
            }
        }
        "the connection is gone".to_owned()
    }

    async fn declarations(&self) -> String {
        loop {
            self.unroutable.notified().await;
            tracing::warn!("RabbitMQ had no queue for an entry: declaring exchange and queues again");
            if let Err(error) = (self.declare)().await {
                return error.to_string();
            }
        }
    }

    async fn looks(&self) -> String {
        loop {
            if let Err(lost) = self.look().await {
                return lost;
            }
        }
    }

    /// Looks once, a while after the last time.
    // A RabbitMQ that is silent is not ready, but not lost yet either: it may be slow. Its answer then closes the
    // breaker, so that no request has to.
    async fn look(&self) -> Result<(), String> {
        let well = self.breaker.state() == BreakerState::Closed && self.dependency.is_ready();
        tokio::time::sleep(chassis::link::look_interval(well)).await;
        self.answered((self.look)()).await?.map_err(|error| error.to_string())?;
        // While it is blocked it answers, and still takes no messages: the event of the unblocking makes the dependency
        // ready.
        if !well && !(self.is_blocked)() {
            self.breaker.close();
            self.dependency.ready();
        }
        Ok(())
    }

    /// Waits for an answer as long as RabbitMQ may be silent.
    // One request, however long its answer takes: another one would only wait behind it.
    async fn answered(&self, mut answer: Answer) -> Result<lapin::Result<()>, String> {
        let mut silences = 0;
        loop {
            match tokio::time::timeout(SILENCE, &mut answer).await {
                Ok(answer) => return Ok(answer),
                // It reads nothing from a connection that it blocks.
                Err(_) if (self.is_blocked)() => {
                    silences = 0;
                    continue;
                }
                Err(_) => silences += 1,
            }
            let silent = format!("RabbitMQ has not answered for {:?}", SILENCE * silences);
            if silences == SILENCES {
                return Err(silent);
            }
            self.dependency.waits(silent);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use chassis::breaker::BreakerSettings;
    use chassis::health::Readiness;
    use futures::stream;

    use super::*;

    /// Watches a connection whose looks RabbitMQ does not answer, a while after it had no queue for a message.
    async fn watched(declare: Request, events: impl Stream<Item = Event> + Unpin) -> String {
        let dependency = Readiness::default().dependency("rabbitmq");
        dependency.ready();
        let (breaker, unroutable) = (Breaker::new(BreakerSettings::default()), Notify::new());
        unroutable.notify_one();
        let look: Request = Box::new(|| Box::pin(pending()));
        let is_blocked = Box::new(|| false);
        let watch = LinkWatch {
            dependency: &dependency,
            breaker: &breaker,
            unroutable: &unroutable,
            declare,
            look,
            is_blocked,
        };
        let limit = Duration::from_secs(60);
        let lost = tokio::time::timeout(limit, watch.until_lost(events)).await;
        assert!(!dependency.is_ready());
        lost.unwrap_or_else(|_| format!("not lost within {limit:?}"))
    }

    #[tokio::test(start_paused = true)]
    async fn a_declaration_that_is_not_answered_stops_no_look() {
        let lost = watched(Box::new(|| Box::pin(pending())), stream::pending()).await;
        assert_eq!(lost, "RabbitMQ has not answered for 9s");
    }

    #[tokio::test(start_paused = true)]
    async fn events_begin_no_count_of_silences_anew() {
        let blocked = || Event::ConnectionBlocked("memory".to_owned());
        let events = stream::repeat_with(blocked).then(|event| async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            event
        });
        let lost = watched(Box::new(|| Box::pin(ready(Ok(())))), Box::pin(events)).await;
        assert_eq!(lost, "RabbitMQ has not answered for 9s");
    }
}

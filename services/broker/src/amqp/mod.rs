//! RabbitMQ: publishing with confirms, on one connection that is kept, and made again by itself.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `order` | a message to be published, and what its sender is answered |
//! | `message` | what is published, and how |
//! | `channel` | a channel that publishes: its messages, its confirms, the answers to its senders |
//! | `unconfirmed` | a message between its publication and its confirm |
//! | `socket` | the TCP connection, which can be cut from outside |
//! | `link` | one connection with its channels |
//! | `watch` | the watch over a link: events, silence, missing queues |
//! | `supervisor` | makes a link, watches it, makes the next |

mod channel;
mod link;
mod message;
mod order;
mod socket;
// lapin's own recovery is not used: it keeps a channel's name over connections, and with it the chance to take a
// confirm of one for that of another.
mod supervisor;
mod unconfirmed;
mod watch;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use chassis::breaker::Conduct;
use chassis::claim::{self, End};
use chassis::deadline::Deadline;
use chassis::gate::Gate;
use lapin::ConnectionStatus;
use tokio::sync::mpsc;

use order::{Order, PublishOutcome};

pub use link::BadAmqpUrl;
pub(crate) use link::Plan;
pub(crate) use message::Publication;
pub use message::PublishMode;
pub(crate) use supervisor::supervise;

use crate::hop_deadline::HopDeadlines;
use crate::outcome::Failure;

/// Publishes messages and says truly what became of each; clones share the connection.
#[derive(Debug, Clone)]
pub(crate) struct Publisher {
    gate: Gate,
    current: Arc<RwLock<PublisherState>>,
}

/// The link that is up, or why none is.
#[derive(Debug)]
enum PublisherState {
    Up(Arc<OpenLink>),
    Down(String),
}

/// Channels of a link that is up.
#[derive(Debug)]
struct OpenLink {
    channels: Vec<mpsc::UnboundedSender<Order>>,
    next: AtomicUsize,
    status: ConnectionStatus,
}

impl Publisher {
    /// Not connected yet; [`supervise`] does that.
    // The gate bounds how many messages are unconfirmed.
    pub(crate) fn new(gate: Gate) -> Self {
        let current = PublisherState::Down("not tried yet".to_owned());
        Self { gate, current: Arc::new(RwLock::new(current)) }
    }

    /// The gate in front of it.
    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Publishes a message; success means that RabbitMQ has confirmed it.
    pub(crate) async fn publish(&self, publication: Publication, deadline: Deadline) -> Result<(), Failure> {
        // The broker's own deadline alone: AMQP carries none to RabbitMQ.
        let wait = HopDeadlines::within(deadline).wait;
        // Before the gate: without a link nobody has to wait for a place.
        self.up()?;
        // Apart: the slot stays with the message until RabbitMQ confirms it, though its sender may be gone by then.
        let (permit, slot) = self.gate.enter(wait).await?.split();
        // Asked again, since it may have gone down while this one waited for its turn.
        let up = self.up()?;
        let (claim, ticket) = claim::pair();
        up.send(Order { publication, claim, slot })?;
        let (conduct, outcome) = match ticket.end(wait).await {
            End::Answered(PublishOutcome::Confirmed) => (Conduct::Answered, Ok(())),
            End::Answered(PublishOutcome::Refused(why)) => (Conduct::Answered, Err(Failure::refused(why))),
            End::Answered(PublishOutcome::NotSent(why)) => (Conduct::Broken, Err(Failure::refused(why))),
            End::Answered(PublishOutcome::Unknown(why)) => (Conduct::Broken, Err(unknown(&why))),
            End::Withdrawn => (
                Conduct::Silent { sent: None },
                Err(Failure::refused("no channel to RabbitMQ was free in time; the entry was not sent")),
            ),
            End::Unanswered { taken } => {
                (Conduct::Silent { sent: Some(taken) }, Err(unknown("RabbitMQ did not confirm in time")))
            }
        };
        permit.end(conduct);
        outcome
    }

    /// The link, if messages can go over it now.
    fn up(&self) -> Result<Arc<OpenLink>, Failure> {
        match &*self.current.read().unwrap_or_else(PoisonError::into_inner) {
            PublisherState::Up(up) if up.status.blocked() => {
                Err(Failure::refused("RabbitMQ takes no messages now: it is short of memory or disk"))
            }
            PublisherState::Up(up) => Ok(Arc::clone(up)),
            PublisherState::Down(why) => Err(Failure::refused(format!("RabbitMQ is not connected: {why}"))),
        }
    }

    fn set(&self, current: PublisherState) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = current;
    }
}

impl OpenLink {
    fn send(&self, order: Order) -> Result<(), Failure> {
        // Relaxed: the number only spreads orders over the channels.
        let channel = self.next.fetch_add(1, Ordering::Relaxed) % self.channels.len();
        self.channels[channel]
            .send(order)
            .map_err(|_| Failure::refused("RabbitMQ is not connected: its channel was just closed"))
    }
}

fn unknown(why: &str) -> Failure {
    Failure::unknown(format!(
        "{why}; whether the entry will be stored is unknown, ask again with the same Idempotency-Key"
    ))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chassis::breaker::{BreakerSettings, BreakerState};
    use wire::entry::{NewEvent, Severity};
    use wire::id::EntryId;
    use wire::trace::TraceContext;

    use super::*;

    fn publication() -> Publication {
        let event = NewEvent { name: "n".to_owned(), data: "d".to_owned(), severity: Severity::Info };
        Publication::new(&EntryId::parse("k-1").unwrap(), &event, TraceContext::new(1, 2))
    }

    /// A RabbitMQ that takes what comes, and confirms it after a while, as its channel reports that.
    async fn confirm(mut orders: mpsc::UnboundedReceiver<Order>) {
        while let Some(order) = orders.recv().await {
            if order.claim.take() {
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    order.claim.answer(PublishOutcome::Confirmed);
                });
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn publishers_with_short_deadlines_shut_nobody_out() {
        let settings = BreakerSettings { failures: 2, ..BreakerSettings::default() };
        let publisher = Publisher::new(Gate::new("RabbitMQ", settings, 4, 4));
        let (sender, orders) = mpsc::unbounded_channel();
        let (next, status) = (AtomicUsize::new(0), ConnectionStatus::default());
        publisher.set(PublisherState::Up(Arc::new(OpenLink { channels: vec![sender], next, status })));
        tokio::spawn(confirm(orders));
        for millis in [0, 1, 50, 100, 250] {
            let deadline = Deadline::after(Duration::from_millis(millis));
            let failure = publisher.publish(publication(), deadline).await.unwrap_err();
            assert_eq!(chassis::problem::Problem::from(failure).status(), 504);
            assert_eq!(publisher.gate().breaker().state(), BreakerState::Closed);
        }
        assert_eq!(publisher.publish(publication(), Deadline::after(Duration::from_secs(5))).await, Ok(()));
    }
}

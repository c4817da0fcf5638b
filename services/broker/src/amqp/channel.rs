//! One channel: its messages, its confirms, who is told what.
//!
//! A task of its own publishes everything that goes over the channel. lapin numbers a message and queues its
//! frames in two steps; were two tasks to publish at once, the numbers could go the other way than the
//! frames, and each would be told the other's confirm.

use std::collections::HashSet;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use chassis::claim::Claim;
use chassis::door::Pass;
use lapin::Channel;
use tokio::sync::{Notify, mpsc};

use super::flight::{Flight, Landed, judge, poll_landings, returned_number};
use super::message::{Publication, PublishMode};

/// A message to be published, and who waits for its answer.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) publication: Publication,
    pub(super) claim: Claim<Answer>,
    pub(super) pass: Pass,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// RabbitMQ has it, on disk on a majority of its nodes.
    Confirmed,
    /// RabbitMQ said that it has not.
    Refused(String),
    /// It was never sent.
    NotSent(String),
    /// Nobody knows.
    Unknown(String),
}

/// A lane that has ended. It still holds its channel, which closes itself when dropped: an orderly close of
/// the connection must come first, for lapin takes the second close for an error.
pub(super) struct Ended {
    pub(super) why: String,
    _channel: Arc<Channel>,
}

/// A channel in confirm mode.
pub(super) struct Lane {
    channel: Arc<Channel>,
    mode: PublishMode,
    orders: mpsc::UnboundedReceiver<Order>,
    flights: Vec<Flight>,
    next: u64,
    /// Messages that came back before their own confirm.
    returned: HashSet<u64>,
    /// Told when RabbitMQ had no queue for a message.
    unroutable: Arc<Notify>,
}

impl Lane {
    /// A lane over `channel`; orders come through the returned sender.
    pub(super) fn new(
        channel: Channel,
        mode: PublishMode,
        unroutable: Arc<Notify>,
    ) -> (Self, mpsc::UnboundedSender<Order>) {
        let (sender, orders) = mpsc::unbounded_channel();
        let lane = Self {
            channel: Arc::new(channel),
            mode,
            orders,
            flights: Vec::new(),
            next: 0,
            returned: HashSet::new(),
            unroutable,
        };
        (lane, sender)
    }

    /// Publishes until the channel is lost, or until there are no more orders and every message has landed.
    pub(super) async fn run(mut self) -> Ended {
        let why = self.serve().await;
        for flight in &mut self.flights {
            flight.tell(Answer::Unknown(format!("the connection to RabbitMQ was lost: {why}")));
        }
        self.orders.close();
        while let Ok(order) = self.orders.try_recv() {
            order.claim.refuse(Answer::NotSent(format!("RabbitMQ is not connected: {why}")));
        }
        Ended { why, _channel: self.channel }
    }

    async fn serve(&mut self) -> String {
        let mut open = true;
        while open || !self.flights.is_empty() {
            let lost = tokio::select! {
                biased;
                landed = poll_fn(|cx| poll_landings(&mut self.flights, cx)), if !self.flights.is_empty() => {
                    self.settle(landed)
                }
                order = self.orders.recv(), if open => match order {
                    Some(order) => self.launch(order).await,
                    None => {
                        open = false;
                        None
                    }
                },
            };
            if let Some(why) = lost {
                return why;
            }
        }
        "closed".to_owned()
    }

    /// Publishes one message. Returns why, if the channel is lost.
    async fn launch(&mut self, order: Order) -> Option<String> {
        if !order.claim.take() {
            // Nobody waits any more, and nothing was sent.
            return None;
        }
        self.next += 1;
        let mut flight = Flight::new(Arc::clone(&self.channel), order, self.mode, self.next);
        // The first poll gives the message its number and its place in the order of frames.
        match poll_fn(|cx| Poll::Ready(flight.poll(cx))).await {
            Poll::Ready(Err(error)) => {
                // Refused by lapin before anything was queued.
                flight.tell(Answer::NotSent(format!("RabbitMQ is not connected: {error}")));
                Some(error.to_string())
            }
            Poll::Ready(result) => self.settle(vec![Landed { flight, result }]),
            Poll::Pending => {
                if !self.mode.awaits_confirm {
                    flight.tell(Answer::Confirmed);
                }
                self.flights.push(flight);
                None
            }
        }
    }

    /// Tells everyone whose message has landed. Returns why, if the channel is lost.
    fn settle(&mut self, landed: Vec<Landed>) -> Option<String> {
        for number in landed.iter().filter_map(|landed| returned_number(&landed.result)) {
            let flies = self.flights.iter().any(|flight| flight.number == number);
            if flies || landed.iter().any(|landed| landed.flight.number == number) {
                self.returned.insert(number);
            }
            self.unroutable.notify_one();
        }
        let mut lost = None;
        for Landed { mut flight, result } in landed {
            flight.tell(judge(flight.number, &result, &self.returned));
            self.returned.remove(&flight.number);
            if let Err(error) = result {
                lost = Some(error.to_string());
            }
        }
        lost
    }
}

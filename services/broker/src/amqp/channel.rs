//! A channel that publishes: its messages, its confirms, the answers to its senders.

use std::collections::HashSet;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use lapin::Channel;
use tokio::sync::{Notify, mpsc};

use super::message::PublishMode;
use super::order::{Order, PublishOutcome};
use super::unconfirmed::{Settlement, UnconfirmedMessage, judge, poll_settlements, returned_number};

/// A channel that has ended.
// It still holds its channel, which closes itself when dropped: an orderly close of the connection must come first,
// for lapin takes the second close for an error.
pub(super) struct ClosedChannel {
    pub(super) why: String,
    _channel: Arc<Channel>,
}

/// A channel in confirm mode.
pub(super) struct PublishChannel {
    channel: Arc<Channel>,
    mode: PublishMode,
    orders: mpsc::UnboundedReceiver<Order>,
    unconfirmed: Vec<UnconfirmedMessage>,
    next: u64,
    /// Messages that came back before their own confirm.
    returned: HashSet<u64>,
    /// Told when RabbitMQ had no queue for a message.
    unroutable: Arc<Notify>,
}

impl PublishChannel {
    /// A channel over `channel`; orders come through the returned sender.
    pub(super) fn new(
        channel: Channel,
        mode: PublishMode,
        unroutable: Arc<Notify>,
    ) -> (Self, mpsc::UnboundedSender<Order>) {
        // Unbounded, since the gate bounds the orders: each holds a place of it.
        let (sender, orders) = mpsc::unbounded_channel();
        let channel = Self {
            channel: Arc::new(channel),
            mode,
            orders,
            unconfirmed: Vec::new(),
            next: 0,
            returned: HashSet::new(),
            unroutable,
        };
        (channel, sender)
    }

    /// Publishes until the channel is lost, or until there are no more orders and every message has settled.
    pub(super) async fn run(mut self) -> ClosedChannel {
        let why = self.serve().await;
        for message in &mut self.unconfirmed {
            message.answer(PublishOutcome::Unknown(format!("the connection to RabbitMQ was lost: {why}")));
        }
        // Closed before it is emptied, so that no order comes after the last refusal.
        self.orders.close();
        while let Ok(order) = self.orders.try_recv() {
            order.claim.refuse(PublishOutcome::NotSent(format!("RabbitMQ is not connected: {why}")));
        }
        ClosedChannel { why, _channel: self.channel }
    }

    async fn serve(&mut self) -> String {
        let mut open = true;
        while open || !self.unconfirmed.is_empty() {
            let lost = tokio::select! {
                // Confirms first: they free places in the gate, which orders wait for.
                biased;
                settled = poll_fn(|cx| poll_settlements(&mut self.unconfirmed, cx)), if !self.unconfirmed.is_empty() => {
                    self.settle(settled)
                }
                order = self.orders.recv(), if open => match order {
                    Some(order) => self.publish(order).await,
                    None => {
                        // No sender is left: the link was set down. What is unconfirmed is still waited for.
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
    // A task of its own publishes everything that goes over the channel. lapin numbers a message and queues its
    // frames in two steps; were two tasks to publish at once, the numbers could go the other way than the frames, and
    // each would be told the other's confirm.
    async fn publish(&mut self, order: Order) -> Option<String> {
        if !order.claim.take() {
            // Nobody waits any more, and nothing was sent.
            return None;
        }
        self.next += 1;
        let mut message = UnconfirmedMessage::new(Arc::clone(&self.channel), order, self.mode, self.next);
        // The first poll gives the message its number and its place in the order of frames.
        match poll_fn(|cx| Poll::Ready(message.poll(cx))).await {
            Poll::Ready(Err(error)) => {
                // Refused by lapin before anything was queued.
                message.answer(PublishOutcome::NotSent(format!("RabbitMQ is not connected: {error}")));
                Some(error.to_string())
            }
            Poll::Ready(result) => self.settle(vec![Settlement { message, result }]),
            Poll::Pending => {
                if !self.mode.awaits_confirm {
                    message.answer(PublishOutcome::Confirmed);
                }
                self.unconfirmed.push(message);
                None
            }
        }
    }

    /// Answers the sender of each message that has settled. Returns why, if the channel is lost.
    fn settle(&mut self, settled: Vec<Settlement>) -> Option<String> {
        // All returned messages before any verdict: one confirm may bring back the message of another.
        for number in settled.iter().filter_map(|settled| returned_number(&settled.result)) {
            // Only numbers that are still to be judged: one that has settled would stay in the set for ever.
            let under_way = self.unconfirmed.iter().any(|message| message.number == number);
            if under_way || settled.iter().any(|settled| settled.message.number == number) {
                self.returned.insert(number);
            }
            self.unroutable.notify_one();
        }
        let mut lost = None;
        for Settlement { mut message, result } in settled {
            message.answer(judge(message.number, &result, &self.returned));
            self.returned.remove(&message.number);
            if let Err(error) = result {
                lost = Some(error.to_string());
            }
        }
        lost
    }
}

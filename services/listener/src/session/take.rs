//! Deliveries, read into the buffer.

use futures::{FutureExt, StreamExt};
use lapin::message::Delivery;
use tokio::time::Instant;

use super::{Session, SessionEnd};
use crate::message::{Original, Reading};

impl Session {
    /// Takes a delivery and all others that have arrived, as far as the buffer has room.
    pub(super) fn take_all(&mut self, first: Option<lapin::Result<Delivery>>) -> Result<(), SessionEnd> {
        self.take(first)?;
        while self.buffer.has_room() {
            match self.rabbit.consumer.next().now_or_never() {
                Some(delivered) => self.take(delivered)?,
                None => break,
            }
        }
        self.context.metrics.unacknowledged(self.ledger.len());
        Ok(())
    }

    fn take(&mut self, delivered: Option<lapin::Result<Delivery>>) -> Result<(), SessionEnd> {
        let Some(delivery) = delivered.transpose()? else { return Err(SessionEnd::Cancelled) };
        // RabbitMQ counts tags up by one. An acknowledgement of a tag that is damaged would acknowledge another's
        // message.
        if delivery.delivery_tag != self.next_tag {
            return Err(SessionEnd::OutOfStep { tag: delivery.delivery_tag, next: self.next_tag });
        }
        (self.next_tag, self.heard) = (self.next_tag + 1, Instant::now());
        self.ledger.take(delivery.delivery_tag);
        match Original::from(delivery).read() {
            Reading::Entry(message) => self.buffer.add(message),
            Reading::Never(original, reason) => self.unreadable.push((original, reason.to_string())),
            Reading::Damaged(original, damage) if self.context.damaged.came_before(&original) => {
                self.unreadable.push((original, format!("{damage}, and came so twice")));
            }
            Reading::Damaged(original, damage) => {
                self.context.metrics.count("damaged", 1);
                return Err(SessionEnd::Damaged { tag: original.tag, damage });
            }
        }
        Ok(())
    }
}

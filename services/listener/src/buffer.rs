//! Messages in hand: read, and waiting for a call to the logger.

use std::collections::VecDeque;

use crate::message::Message;

/// The bounds of one call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CallLimits {
    pub(crate) entries: usize,
    pub(crate) bytes: usize,
}

/// Messages that wait for a call, bounded by what one call takes.
#[derive(Debug)]
pub(crate) struct CallBuffer {
    waiting: VecDeque<Message>,
    bytes: usize,
    limits: CallLimits,
}

impl CallBuffer {
    pub(crate) fn new(limits: CallLimits) -> Self {
        Self { waiting: VecDeque::new(), bytes: 0, limits }
    }

    /// Reports whether another message fits.
    // Its size is not known yet; one more than the bytes allow is not much more.
    pub(crate) fn has_room(&self) -> bool {
        self.waiting.len() < self.limits.entries && self.bytes < self.limits.bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn add(&mut self, message: Message) {
        self.bytes += message.size();
        self.waiting.push_back(message);
    }

    /// Takes messages back that were not stored; they go first in the next call.
    pub(crate) fn give_back(&mut self, messages: Vec<Message>) {
        // From the last to the first, so that their order stays.
        for message in messages.into_iter().rev() {
            self.bytes += message.size();
            self.waiting.push_front(message);
        }
    }

    /// The messages of the next call; at least one if there is any.
    pub(crate) fn take_call(&mut self) -> Vec<Message> {
        let (mut taken, mut bytes) = (Vec::new(), 0);
        while let Some(message) = self.waiting.front() {
            let size = message.size();
            if taken.len() >= self.limits.entries || (!taken.is_empty() && bytes + size > self.limits.bytes) {
                break;
            }
            bytes += size;
            taken.extend(self.waiting.pop_front());
        }
        self.bytes -= bytes;
        taken
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wire::event::Event;

    use super::*;
    use crate::message::tests::{message, original};

    fn of_size(tag: u64, size: usize) -> Message {
        message(original(tag, &Event::encode_log("n", &"d".repeat(size)), Some("id")))
    }

    proptest! {
        #[test]
        fn every_message_goes_out_once_in_order_and_calls_keep_their_bounds(
            sizes in prop::collection::vec(1usize..200, 1..60), entries in 1usize..10, bytes in 1usize..500,
        ) {
            let mut buffer = CallBuffer::new(CallLimits { entries, bytes });
            let mut out = Vec::new();
            let mut arriving = sizes.iter().enumerate().map(|(tag, size)| of_size(tag as u64, *size));
            loop {
                while buffer.has_room() {
                    let Some(message) = arriving.next() else { break };
                    buffer.add(message);
                }
                let call = buffer.take_call();
                if call.is_empty() {
                    break;
                }
                let size: usize = call.iter().map(Message::size).sum();
                prop_assert!(call.len() <= entries && (size <= bytes || call.len() == 1));
                // The second half of each call is refused, and brought again.
                let mut call = call;
                let refused = call.split_off(call.len().div_ceil(2));
                buffer.give_back(refused);
                out.extend(call.into_iter().map(|message| message.original.tag));
            }
            prop_assert_eq!(out, (0..sizes.len() as u64).collect::<Vec<_>>());
            prop_assert_eq!(buffer.bytes, 0);
        }
    }
}

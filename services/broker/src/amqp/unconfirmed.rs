//! A message between its publication and its confirm.

use std::collections::HashSet;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use chassis::admission::Slot;
use chassis::claim::Claim;
use futures::FutureExt;
use futures::future::BoxFuture;
use lapin::message::BasicReturnMessage;
use lapin::options::BasicPublishOptions;
use lapin::{Channel, Confirmation, PublisherConfirm};

use super::message::PublishMode;
use super::order::{Order, PublishOutcome};

/// A message that RabbitMQ has not confirmed yet.
// Polling it is what publishes it.
pub(super) struct UnconfirmedMessage {
    /// Number on the channel.
    pub(super) number: u64,
    claim: Option<Claim<PublishOutcome>>,
    stage: PublishStage,
    /// Counts it as unconfirmed until it settles, whether or not anybody still waits for it.
    _slot: Slot,
}

enum PublishStage {
    Sending(BoxFuture<'static, lapin::Result<PublisherConfirm>>),
    Confirming(PublisherConfirm),
}

/// A message that has ended, with what RabbitMQ or lapin said.
pub(super) struct Settlement {
    pub(super) message: UnconfirmedMessage,
    pub(super) result: lapin::Result<Confirmation>,
}

impl UnconfirmedMessage {
    /// Prepares to publish; the first poll does it.
    pub(super) fn new(channel: Arc<Channel>, order: Order, mode: PublishMode, number: u64) -> Self {
        let Order { publication, claim, slot } = order;
        let sending = async move {
            // Mandatory: RabbitMQ confirms a message that no queue takes, too, and says so only by returning it.
            let options = BasicPublishOptions { mandatory: true, immediate: false };
            let (exchange, key) = publication.route(mode);
            let properties = publication.properties(mode, number);
            channel.basic_publish(exchange, key, options, &publication.body, properties).await
        };
        Self { number, claim: Some(claim), stage: PublishStage::Sending(sending.boxed()), _slot: slot }
    }

    /// Goes on: to the socket, then to the confirm.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<lapin::Result<Confirmation>> {
        loop {
            match &mut self.stage {
                PublishStage::Sending(sending) => match ready!(sending.poll_unpin(cx)) {
                    Ok(confirm) => self.stage = PublishStage::Confirming(confirm),
                    Err(error) => return Poll::Ready(Err(error)),
                },
                PublishStage::Confirming(confirm) => return confirm.poll_unpin(cx),
            }
        }
    }

    /// Answers the sender, once.
    pub(super) fn answer(&mut self, outcome: PublishOutcome) {
        if let Some(claim) = self.claim.take() {
            claim.answer(outcome);
        }
    }
}

/// Waits until at least one message settles, and takes out all that have.
// All are polled again after each that settles. lapin gives a returned message to whichever confirm comes
// next. So a confirm without one is proof of success only if no confirm before it took its message. Every
// such one is ready by the time that this one is, and the pass after it sees it.
pub(super) fn poll_settlements(
    unconfirmed: &mut Vec<UnconfirmedMessage>,
    cx: &mut Context<'_>,
) -> Poll<Vec<Settlement>> {
    let mut settled = Vec::new();
    loop {
        let before = settled.len();
        let mut place = 0;
        while let Some(message) = unconfirmed.get_mut(place) {
            match message.poll(cx) {
                // The place stays: another message moves to it. Order does not matter, as each has a number.
                Poll::Ready(result) => {
                    settled.push(Settlement { message: unconfirmed.swap_remove(place), result })
                }
                Poll::Pending => place += 1,
            }
        }
        if settled.len() == before {
            break;
        }
    }
    if settled.is_empty() { Poll::Pending } else { Poll::Ready(settled) }
}

/// The number of the message that a confirm brought back, if it did.
pub(super) fn returned_number(result: &lapin::Result<Confirmation>) -> Option<u64> {
    number_of(message_of(result.as_ref().ok()?)?)
}

/// Reads RabbitMQ's word on the message with this number. `returned` are the numbers of all messages
/// that came back.
pub(super) fn judge(
    number: u64,
    result: &lapin::Result<Confirmation>,
    returned: &HashSet<u64>,
) -> PublishOutcome {
    if returned.contains(&number) {
        return PublishOutcome::Refused("RabbitMQ has no queue for the entry".to_owned());
    }
    match result {
        Ok(Confirmation::Ack(None)) => PublishOutcome::Confirmed,
        // Another's message: this one's own may still be on its way to a later confirm.
        Ok(Confirmation::Ack(Some(_))) => {
            PublishOutcome::Unknown("RabbitMQ returned messages, and this one may be among them".to_owned())
        }
        Ok(Confirmation::Nack(_)) => PublishOutcome::Refused("RabbitMQ refused the entry".to_owned()),
        // Never: the channel is in confirm mode.
        Ok(Confirmation::NotRequested) => PublishOutcome::Unknown("RabbitMQ confirms nothing".to_owned()),
        Err(error) => PublishOutcome::Unknown(format!("the connection to RabbitMQ was lost: {error}")),
    }
}

fn message_of(confirmation: &Confirmation) -> Option<&BasicReturnMessage> {
    match confirmation {
        Confirmation::Ack(message) | Confirmation::Nack(message) => message.as_ref(),
        Confirmation::NotRequested => None,
    }
}

fn number_of(message: &BasicReturnMessage) -> Option<u64> {
    // RabbitMQ returns a message without its number on the channel, so a property has to carry it.
    message.properties.correlation_id().as_ref()?.as_str().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(result: lapin::Result<Confirmation>, returned: &[u64]) -> PublishOutcome {
        judge(1, &result, &returned.iter().copied().collect())
    }

    #[test]
    fn only_a_confirm_with_nothing_returned_is_success() {
        assert_eq!(judged(Ok(Confirmation::Ack(None)), &[2]), PublishOutcome::Confirmed);
        assert!(matches!(judged(Ok(Confirmation::Ack(None)), &[1]), PublishOutcome::Refused(_)));
        assert!(matches!(judged(Ok(Confirmation::Nack(None)), &[]), PublishOutcome::Refused(_)));
        assert!(matches!(judged(Ok(Confirmation::NotRequested), &[]), PublishOutcome::Unknown(_)));
    }

    #[test]
    fn a_lost_connection_is_neither_success_nor_refusal() {
        let error = lapin::Error::from(lapin::ErrorKind::MissingHeartbeatError);
        assert!(matches!(judged(Err(error), &[]), PublishOutcome::Unknown(_)));
    }
}

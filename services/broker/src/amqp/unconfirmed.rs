//! One message between its publication and its confirm.

use std::collections::HashSet;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use chassis::claim::Claim;
use chassis::door::Pass;
use futures::FutureExt;
use futures::future::BoxFuture;
use lapin::message::BasicReturnMessage;
use lapin::options::BasicPublishOptions;
use lapin::{Channel, Confirmation, PublisherConfirm};

use super::lane::{Answer, Order};
use super::message::PublishMode;

/// A message that RabbitMQ has not confirmed yet. Polling it is what publishes it.
pub(super) struct Flight {
    /// Its number on the channel.
    pub(super) number: u64,
    claim: Option<Claim<Answer>>,
    stage: Stage,
    /// Counts it as unconfirmed until it lands, whether or not anybody still waits for it.
    _pass: Pass,
}

enum Stage {
    Sending(BoxFuture<'static, lapin::Result<PublisherConfirm>>),
    Confirming(PublisherConfirm),
}

/// A flight that has ended, with what RabbitMQ or lapin said.
pub(super) struct Landed {
    pub(super) flight: Flight,
    pub(super) result: lapin::Result<Confirmation>,
}

impl Flight {
    /// Prepares to publish; the first poll does it.
    pub(super) fn new(channel: Arc<Channel>, order: Order, mode: PublishMode, number: u64) -> Self {
        let Order { publication, claim, pass } = order;
        let sending = async move {
            let options = BasicPublishOptions { mandatory: true, immediate: false };
            let (exchange, key) = publication.route(mode);
            let properties = publication.properties(mode, number);
            channel.basic_publish(exchange, key, options, &publication.body, properties).await
        };
        Self { number, claim: Some(claim), stage: Stage::Sending(sending.boxed()), _pass: pass }
    }

    /// Goes on: to the socket, then to the confirm.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<lapin::Result<Confirmation>> {
        loop {
            match &mut self.stage {
                Stage::Sending(sending) => match ready!(sending.poll_unpin(cx)) {
                    Ok(confirm) => self.stage = Stage::Confirming(confirm),
                    Err(error) => return Poll::Ready(Err(error)),
                },
                Stage::Confirming(confirm) => return confirm.poll_unpin(cx),
            }
        }
    }

    /// Tells whoever waits, once.
    pub(super) fn tell(&mut self, answer: Answer) {
        if let Some(claim) = self.claim.take() {
            claim.answer(answer);
        }
    }
}

/// Waits until at least one flight lands, and takes out all that have.
///
/// All are polled again after each landing, on purpose. lapin hands a returned message to whichever confirm
/// comes next, not to its own; so a confirm without one is proof of success only if no confirm that came
/// before it took its message. Every such one is ready by the time that this one is, and the pass after it
/// sees it.
pub(super) fn poll_landings(flights: &mut Vec<Flight>, cx: &mut Context<'_>) -> Poll<Vec<Landed>> {
    let mut landed = Vec::new();
    loop {
        let before = landed.len();
        let mut place = 0;
        while let Some(flight) = flights.get_mut(place) {
            match flight.poll(cx) {
                Poll::Ready(result) => landed.push(Landed { flight: flights.swap_remove(place), result }),
                Poll::Pending => place += 1,
            }
        }
        if landed.len() == before {
            break;
        }
    }
    if landed.is_empty() { Poll::Pending } else { Poll::Ready(landed) }
}

/// The number of the message that a confirm brought back, if it did.
pub(super) fn returned_number(result: &lapin::Result<Confirmation>) -> Option<u64> {
    number_of(message_of(result.as_ref().ok()?)?)
}

/// What RabbitMQ's word means for the message with this number. `returned` are the numbers of all messages
/// that came back.
pub(super) fn judge(number: u64, result: &lapin::Result<Confirmation>, returned: &HashSet<u64>) -> Answer {
    if returned.contains(&number) {
        return Answer::Refused("RabbitMQ has no queue for the entry".to_owned());
    }
    match result {
        Ok(Confirmation::Ack(None)) => Answer::Confirmed,
        // Another's message: this one's own may still be on its way to a later confirm.
        Ok(Confirmation::Ack(Some(_))) => {
            Answer::Unknown("RabbitMQ returned messages, and this one may be among them".to_owned())
        }
        Ok(Confirmation::Nack(_)) => Answer::Refused("RabbitMQ refused the entry".to_owned()),
        // Never: the channel is in confirm mode.
        Ok(Confirmation::NotRequested) => Answer::Unknown("RabbitMQ confirms nothing".to_owned()),
        Err(error) => Answer::Unknown(format!("the connection to RabbitMQ was lost: {error}")),
    }
}

fn message_of(confirmation: &Confirmation) -> Option<&BasicReturnMessage> {
    match confirmation {
        Confirmation::Ack(message) | Confirmation::Nack(message) => message.as_ref(),
        Confirmation::NotRequested => None,
    }
}

fn number_of(message: &BasicReturnMessage) -> Option<u64> {
    message.properties.correlation_id().as_ref()?.as_str().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(result: lapin::Result<Confirmation>, returned: &[u64]) -> Answer {
        judge(1, &result, &returned.iter().copied().collect())
    }

    #[test]
    fn only_a_confirm_with_nothing_returned_is_success() {
        assert_eq!(judged(Ok(Confirmation::Ack(None)), &[2]), Answer::Confirmed);
        assert!(matches!(judged(Ok(Confirmation::Ack(None)), &[1]), Answer::Refused(_)));
        assert!(matches!(judged(Ok(Confirmation::Nack(None)), &[]), Answer::Refused(_)));
        assert!(matches!(judged(Ok(Confirmation::NotRequested), &[]), Answer::Unknown(_)));
    }

    #[test]
    fn a_lost_connection_is_neither_success_nor_refusal() {
        let error = lapin::Error::from(lapin::ErrorKind::MissingHeartbeatError);
        assert!(matches!(judged(Err(error), &[]), Answer::Unknown(_)));
    }
}

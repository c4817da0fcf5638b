//! End of a message: acknowledged, dead, or brought again.

use futures::StreamExt;
use tokio::time::Instant;

use super::{Session, SessionEnd};
use crate::logger::Verdict;
use crate::message::Message;

impl Session {
    pub(super) fn begin_dead_letters(&mut self) {
        let letters = std::mem::take(&mut self.unreadable);
        if letters.is_empty() {
            return;
        }
        for (original, reason) in &letters {
            tracing::warn!("message {} goes to the dead letters: {reason}", original.tag);
        }
        self.dead_letters.push(Box::pin(self.rabbit.dead_letters.clone().publish(letters)));
    }

    pub(super) async fn finish_dead_letters(&mut self) -> Result<(), SessionEnd> {
        while let Some(dead) = self.dead_letters.next().await {
            self.acknowledge_dead(dead?).await?;
        }
        Ok(())
    }

    pub(super) async fn acknowledge_dead(&mut self, tags: Vec<u64>) -> Result<(), SessionEnd> {
        self.context.metrics.count("dead", tags.len());
        self.acknowledge(tags).await
    }

    /// Settles each message of a call by its verdict: acknowledged, sent to the dead letters, or brought again.
    pub(super) async fn settle(
        &mut self,
        messages: Vec<Message>,
        verdicts: Vec<Verdict>,
    ) -> Result<(), SessionEnd> {
        let (mut stored, mut again, mut reasons) = (Vec::new(), Vec::new(), None);
        for (message, verdict) in messages.into_iter().zip(verdicts) {
            match verdict {
                Verdict::Stored => stored.push(message.original.tag),
                Verdict::Never(reason) => self.unreadable.push((message.original, reason)),
                Verdict::Again(reason) => {
                    again.push(message);
                    reasons = Some(reason);
                }
            }
        }
        self.context.metrics.count("stored", stored.len());
        self.acknowledge(stored).await?;
        self.begin_dead_letters();
        match reasons {
            None => {
                self.backoff.reset();
                self.told.clear();
            }
            Some(reason) => self.bring_again(again, &reason),
        }
        Ok(())
    }

    fn bring_again(&mut self, again: Vec<Message>, reason: &str) {
        if self.told != reason {
            tracing::warn!("{} entries are not stored and are brought again: {reason}", again.len());
            reason.clone_into(&mut self.told);
        }
        self.context.metrics.count("again", again.len());
        self.buffer.give_back(again);
        // A logger that refuses is overloaded or without its store: asking at once again would make it worse.
        self.not_before = Instant::now() + self.backoff.pause();
    }

    async fn acknowledge(&mut self, done: Vec<u64>) -> Result<(), SessionEnd> {
        let acks = self.ledger.settle(done);
        self.context.metrics.unacknowledged(self.ledger.len());
        if self.context.acknowledges {
            self.rabbit.acknowledge(acks).await?;
        }
        Ok(())
    }
}

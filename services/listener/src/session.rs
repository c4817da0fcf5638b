//! The work on one connection to RabbitMQ, until it is lost or the listener ends.

use std::future::{Future, pending};
use std::pin::Pin;
use std::time::Duration;

use chassis::CancellationToken;
use chassis::backoff::Backoff;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use lapin::message::Delivery;
use tokio::time::Instant;
use wire::trace::TraceContext;

use crate::buffer::{CallBuffer, CallLimits};
use crate::damaged::DamagedMessages;
use crate::ledger::Ledger;
use crate::logger::{Logger, Verdict};
use crate::message::{Damage, Message, Original, Reading};
use crate::metrics::ListenerMetrics;
use crate::rabbit::{DeadFailure, Letter, NoAnswer, Rabbit};

type LoggerCall = Pin<Box<dyn Future<Output = (Vec<Message>, Vec<Verdict>)> + Send>>;
type DeadLetterCall = Pin<Box<dyn Future<Output = Result<Vec<u64>, DeadFailure>> + Send>>;

/// Time without a delivery after which a channel with nothing outstanding is renewed.
// That RabbitMQ holds something for delivered that never came here would only show with the next delivery.
const QUIET: Duration = Duration::from_secs(3);

/// Context of every session; it outlives each of them.
#[derive(Debug, Clone)]
pub(crate) struct SessionContext {
    pub(crate) logger: Logger,
    pub(crate) limits: CallLimits,
    pub(crate) calls: usize,
    pub(crate) acknowledges: bool,
    pub(crate) metrics: ListenerMetrics,
    pub(crate) damaged: DamagedMessages,
}

/// The work on one connection.
// Deliveries are read into the buffer, which goes to the logger in calls; meanwhile more are read. Delivery tags end
// with their connection: whatever a lost session had in it is redelivered to the next, and the logger knows it by its
// id.
pub(crate) struct Session {
    context: SessionContext,
    rabbit: Rabbit,
    buffer: CallBuffer,
    ledger: Ledger,
    /// The delivery tag that comes next.
    next_tag: u64,
    /// Moment at which something came last, or the channel was renewed.
    heard: Instant,
    calls: FuturesUnordered<LoggerCall>,
    dead_letters: FuturesUnordered<DeadLetterCall>,
    unreadable: Vec<Letter>,
    backoff: Backoff,
    not_before: Instant,
    /// The last reason for bringing messages again; told once.
    told: String,
}

/// Reason why a session ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionEnd {
    #[error("{0}")]
    Rabbit(#[from] lapin::Error),
    #[error("{0}")]
    DeadLetter(#[from] DeadFailure),
    #[error("RabbitMQ has cancelled the consumer; was the queue deleted?")]
    Cancelled,
    /// Damage on the way. Whatever else came on this connection is not to be trusted either; all of it comes again on the next.
    #[error("message {tag} came damaged: {damage}")]
    Damaged { tag: u64, damage: Damage },
    /// RabbitMQ counts the tags of a channel up by one: a message was lost, or its tag is damaged.
    #[error("a message has the delivery tag {tag} where {next} comes next")]
    OutOfStep { tag: u64, next: u64 },
    #[error("{0}")]
    NoAnswer(#[from] NoAnswer),
}

impl Session {
    pub(crate) fn new(context: SessionContext, rabbit: Rabbit) -> Self {
        Self {
            buffer: CallBuffer::new(context.limits),
            context,
            rabbit,
            ledger: Ledger::default(),
            next_tag: 1,
            heard: Instant::now(),
            calls: FuturesUnordered::new(),
            dead_letters: FuturesUnordered::new(),
            unreadable: Vec::new(),
            backoff: Backoff::default(),
            not_before: Instant::now(),
            told: String::new(),
        }
    }

    /// Works until the connection is lost, or until `shutdown`: then calls in flight are given `drain`.
    pub(crate) async fn run(
        mut self,
        shutdown: &CancellationToken,
        drain: Duration,
    ) -> Result<(), SessionEnd> {
        let worked = self.work(shutdown).await;
        match worked {
            Ok(()) => self.end(drain).await,
            // Those that are known to be damaged go first, or they would come again with each that is not known yet.
            Err(SessionEnd::Damaged { .. }) => {
                self.begin_dead_letters();
                shutdown.run_until_cancelled(self.finish_dead_letters()).await.unwrap_or(Ok(()))?;
                worked
            }
            Err(_) => worked,
        }
    }

    async fn work(&mut self, shutdown: &CancellationToken) -> Result<(), SessionEnd> {
        let mut events = Box::pin(self.rabbit.connection.events_listener());
        while !shutdown.is_cancelled() {
            self.begin_calls();
            let (may_begin, waits_for_logger) = (self.may_begin(), self.waits_for_logger());
            // Only with nothing outstanding: RabbitMQ would deliver again what is just being stored.
            let quiet_until = (self.ledger.len() == 0).then(|| self.heard + QUIET);
            // In random order: neither deliveries nor ends of calls may hold up the other.
            tokio::select! {
                () = shutdown.cancelled() => {}
                // Other events disable this branch for one turn. Blocking concerns only those who publish.
                Some(lapin::Event::Error(error)) = events.next() => return Err(error.into()),
                delivered = self.rabbit.consumer.next(), if self.buffer.has_room() => {
                    self.take_all(delivered)?;
                    self.begin_dead_letters();
                }
                Some((messages, verdicts)) = self.calls.next() => self.settle(messages, verdicts).await?,
                Some(dead) = self.dead_letters.next() => self.acknowledge_dead(dead?).await?,
                // By a new channel, not by a message of its own: RabbitMQ blocks connections that publish when it is
                // short of memory, and their acknowledgements with them.
                () = until(quiet_until) => self.renew(shutdown).await?,
                () = until(may_begin) => {}
                _ = self.context.logger.link.up(), if waits_for_logger => {}
            }
        }
        Ok(())
    }

    /// Begins as many calls as may be made now.
    fn begin_calls(&mut self) {
        while self.calls.len() < self.context.calls
            && !self.buffer.is_empty()
            && Instant::now() >= self.not_before
            && let Ok(client) = self.context.logger.link.current()
        {
            let messages = self.buffer.take_call();
            // Cloned: a message that is not stored is brought again, as it was.
            let entries = messages.iter().map(|message| message.entry.clone()).collect();
            // One call, one trace: that of its first message.
            let traceparent = messages.iter().find_map(|message| message.original.traceparent());
            let trace = traceparent.as_deref().and_then(TraceContext::parse);
            let (logger, metrics) = (self.context.logger.clone(), self.context.metrics.clone());
            self.calls.push(Box::pin(async move {
                let begun = Instant::now();
                let verdicts = logger.store(client, entries, trace).await;
                metrics.call(begun.elapsed());
                (messages, verdicts)
            }));
        }
    }

    /// Moment at which a call may begin that could not begin yet.
    fn may_begin(&self) -> Option<Instant> {
        let waits = !self.buffer.is_empty() && self.calls.len() < self.context.calls;
        (waits && Instant::now() < self.not_before).then_some(self.not_before)
    }

    fn waits_for_logger(&self) -> bool {
        !self.buffer.is_empty() && self.context.logger.link.current().is_err()
    }

    /// Takes a new channel, with delivery tags of its own.
    async fn renew(&mut self, shutdown: &CancellationToken) -> Result<(), SessionEnd> {
        if let Some(renewed) = shutdown.run_until_cancelled(self.rabbit.renew()).await {
            renewed?;
            (self.next_tag, self.heard) = (1, Instant::now());
        }
        Ok(())
    }

    /// Takes a delivery and all others that have arrived, as far as the buffer has room.
    fn take_all(&mut self, first: Option<lapin::Result<Delivery>>) -> Result<(), SessionEnd> {
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

    fn begin_dead_letters(&mut self) {
        let letters = std::mem::take(&mut self.unreadable);
        if letters.is_empty() {
            return;
        }
        for (original, reason) in &letters {
            tracing::warn!("message {} goes to the dead letters: {reason}", original.tag);
        }
        self.dead_letters.push(Box::pin(self.rabbit.dead_letters.clone().publish(letters)));
    }

    async fn finish_dead_letters(&mut self) -> Result<(), SessionEnd> {
        while let Some(dead) = self.dead_letters.next().await {
            self.acknowledge_dead(dead?).await?;
        }
        Ok(())
    }

    async fn acknowledge_dead(&mut self, tags: Vec<u64>) -> Result<(), SessionEnd> {
        self.context.metrics.count("dead", tags.len());
        self.acknowledge(tags).await
    }

    /// Does with each message of a call what its verdict says.
    async fn settle(&mut self, messages: Vec<Message>, verdicts: Vec<Verdict>) -> Result<(), SessionEnd> {
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

    /// Takes no more, finishes the calls in flight, and leaves the rest to RabbitMQ.
    async fn end(mut self, drain: Duration) -> Result<(), SessionEnd> {
        let finish = async {
            self.rabbit.stop().await?;
            while let Some((messages, verdicts)) = self.calls.next().await {
                self.settle(messages, verdicts).await?;
            }
            // What must be brought again stays unacknowledged: RabbitMQ gives it to the next listener.
            self.finish_dead_letters().await
        };
        match tokio::time::timeout(drain, finish).await {
            Ok(finished) => finished?,
            Err(_) => {
                tracing::warn!("calls were still in flight after {drain:?}; RabbitMQ keeps their messages")
            }
        }
        self.rabbit.close().await;
        Ok(())
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => pending().await,
    }
}

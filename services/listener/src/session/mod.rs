//! The work on one connection to RabbitMQ, until it is lost or the listener ends.
//!
//! | module | content |
//! | --- | --- |
//! | `context` | context of all sessions, and the reasons why one ends |
//! | `take` | deliveries, read into the buffer |
//! | `settle` | end of a message: acknowledged, dead, or brought again |

mod context;
mod settle;
mod take;

use std::future::{Future, pending};
use std::pin::Pin;
use std::time::Duration;

use chassis::CancellationToken;
use chassis::backoff::Backoff;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::time::Instant;
use wire::trace::TraceContext;

pub(crate) use self::context::{SessionContext, SessionEnd};
use crate::buffer::CallBuffer;
use crate::ledger::Ledger;
use crate::logger::Verdict;
use crate::message::Message;
use crate::rabbit::{DeadFailure, Letter, Rabbit};

type LoggerCall = Pin<Box<dyn Future<Output = (Vec<Message>, Vec<Verdict>)> + Send>>;
type DeadLetterCall = Pin<Box<dyn Future<Output = Result<Vec<u64>, DeadFailure>> + Send>>;

/// Time without a delivery after which a channel with nothing outstanding is renewed.
// That RabbitMQ holds something for delivered that never came here would only show with the next delivery.
const QUIET: Duration = Duration::from_secs(3);

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

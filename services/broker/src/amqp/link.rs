//! A connection with its channels: opened, watched, closed.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use chassis::breaker::Breaker;
use chassis::health::Dependency;
use chassis::secret::Secret;
use futures::future::try_join_all;
use lapin::options::ConfirmSelectOptions;
use lapin::uri::AMQPUri;
use lapin::{Channel, Connection};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use super::OpenLink;
use super::channel::{ClosedChannel, PublishChannel};
use super::message::PublishMode;
use super::order::Order;
use super::socket::{self, SocketGuard};
use super::watch::LinkWatch;

/// Time that a close may take; RabbitMQ may be the reason for it.
const CLOSE: Duration = Duration::from_secs(1);

/// Plan of a link.
#[derive(Debug)]
pub(crate) struct Plan {
    uri: AMQPUri,
    channels: u16,
    mode: PublishMode,
    connect: Duration,
}

/// A URL that can't be used. It is not repeated: a password may be in it.
#[derive(Debug, thiserror::Error)]
#[error("BROKER_AMQP_URL: expected amqp://user:password@host:5672/%2f: {0}")]
pub struct BadAmqpUrl(String);

/// A connection and its channels.
pub(super) struct AmqpLink {
    connection: Connection,
    control: Arc<Channel>,
    channels: JoinSet<ClosedChannel>,
    unroutable: Arc<Notify>,
    mode: PublishMode,
    // Its place among the fields does not matter: `close` is over when they are dropped, and `cut` drops it first.
    guard: SocketGuard,
}

impl Plan {
    /// Links to `url` that publish over `channels` channels.
    pub(crate) fn new(
        url: &Secret,
        heartbeat: u16,
        channels: u16,
        connect: Duration,
        mode: PublishMode,
    ) -> Result<Self, BadAmqpUrl> {
        let mut uri: AMQPUri = url.expose().parse().map_err(BadAmqpUrl)?;
        // RabbitMQ proposes a minute otherwise: one behind a dead link would be noticed only then.
        uri.query.heartbeat = Some(heartbeat);
        Ok(Self { uri, channels, mode, connect })
    }
}

impl AmqpLink {
    /// Connects, declares, and starts the channels.
    pub(super) async fn open(plan: Arc<Plan>) -> lapin::Result<(Self, OpenLink)> {
        let (connection, guard) = socket::connect(plan.uri.clone(), plan.connect).await?;
        // A channel of its own for looks and declarations: an error closes a channel, and with it what is unconfirmed
        // there.
        let control = Arc::new(connection.create_channel().await?);
        topology::declare(&control, plan.mode.queues).await?;
        let unroutable = Arc::new(Notify::new());
        // At once, not one after the other: over a slow link each takes two round trips.
        let opening = (0..plan.channels).map(|_| open_channel(&connection, plan.mode, &unroutable));
        let (opened, senders): (Vec<PublishChannel>, Vec<_>) =
            try_join_all(opening).await?.into_iter().unzip();
        let channels = opened.into_iter().map(PublishChannel::run).collect();
        let up =
            OpenLink { channels: senders, next: AtomicUsize::new(0), status: connection.status().clone() };
        Ok((Self { connection, control, channels, unroutable, mode: plan.mode, guard }, up))
    }

    /// Watches until the link is lost, and returns why.
    pub(super) async fn watch(&mut self, dependency: &Dependency, breaker: &Breaker) -> String {
        let events = Box::pin(self.connection.events_listener());
        let (declaring, looking) = (Arc::clone(&self.control), Arc::clone(&self.control));
        let (queues, status) = (self.mode.queues, self.connection.status().clone());
        let watch = LinkWatch {
            dependency,
            breaker,
            unroutable: &self.unroutable,
            declare: Box::new(move || {
                let channel = Arc::clone(&declaring);
                Box::pin(async move { topology::declare(&channel, queues).await })
            }),
            look: Box::new(move || {
                let channel = Arc::clone(&looking);
                Box::pin(async move { topology::look(&channel).await })
            }),
            is_blocked: Box::new(move || status.blocked()),
        };
        tokio::select! {
            lost = watch.until_lost(events) => lost,
            Some(ended) = self.channels.join_next() => {
                ended.map_or_else(|error| error.to_string(), |ended| ended.why)
            }
        }
    }

    /// Closes in order: what is published is confirmed first, as far as time permits.
    pub(super) async fn close(mut self) {
        let closing = async {
            // Kept until the connection is closed, since a channel that is dropped closes itself.
            let mut ended = Vec::new();
            while let Some(channel) = self.channels.join_next().await {
                ended.push(channel);
            }
            self.connection.close(200, "OK".into()).await
        };
        if !matches!(tokio::time::timeout(CLOSE, closing).await, Ok(Ok(()))) {
            tracing::debug!("the connection to RabbitMQ is cut");
        }
    }

    /// Cuts the connection, and waits for the channels to tell everyone.
    pub(super) async fn cut(self) {
        let Self { connection, control, mut channels, guard, .. } = self;
        // The guard first: with the socket shut down, the others wait for no answer of RabbitMQ.
        drop((guard, control, connection));
        let told = async { while channels.join_next().await.is_some() {} };
        if tokio::time::timeout(CLOSE, told).await.is_err() {
            tracing::warn!("a channel to RabbitMQ did not end; whoever waits for it is told at the deadline");
        }
    }
}

async fn open_channel(
    connection: &Connection,
    mode: PublishMode,
    unroutable: &Arc<Notify>,
) -> lapin::Result<(PublishChannel, mpsc::UnboundedSender<Order>)> {
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    Ok(PublishChannel::new(channel, mode, Arc::clone(unroutable)))
}

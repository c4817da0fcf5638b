//! One connection, from its acceptance to its end.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use tokio::net::TcpStream;
use tokio::sync::watch;

use super::context::ConnectionContext;
use super::counters::ConnectionMeter;
use super::lane::{Lane, LaneEnd};
use super::socket;
use super::timer;
use super::toxics::Toxics;
use super::upstreams::Upstreams;
use faultline_toxics::Direction;
use faultline_toxics::admission::Admission;
use faultline_toxics::chain::ConnectionId;

/// Serves a client until both sides have ended.
pub(super) async fn serve(client: TcpStream, context: Arc<ConnectionContext>, upstreams: Arc<Upstreams>) {
    // Counted before the toxics decide: max_connections takes the new connection for one of the open ones.
    let open = context.counters.open_connection();
    let mut toxics = context.toxics.subscribe();
    let id = |direction| ConnectionId { number: open.number(), direction };
    // A toxic of arrivals has no direction, so that one direction stands for the whole connection.
    let reset = if admit(&client, &context, &mut toxics, id(Direction::Upstream)).await {
        tokio::select! {
            connected = upstreams.connect() => match connected {
                Ok(upstream) => {
                    context.upstream_lost.store(false, Ordering::Relaxed);
                    let lanes = [Lane::new(id(Direction::Upstream)), Lane::new(id(Direction::Downstream))];
                    relay(&client, upstream, lanes, &mut toxics, &context).await
                }
                // The upstream accepted the connection and reset it before anyone could look.
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => true,
                Err(error) => {
                    count_refusal(&context, &error);
                    // As in Toxiproxy, the client sees a close and not a reset.
                    false
                }
            },
            // Linux gives a dial up after two minutes; a client that has gone must not be open that long.
            () = socket::reset(&client) => true,
        }
    } else {
        true
    };
    if reset {
        // With zero linger, the close that follows is a reset.
        context.counters.add_reset();
        let _ = client.set_zero_linger();
    }
}

fn count_refusal(context: &ConnectionContext, error: &io::Error) {
    context.counters.add_upstream_refused();
    if !context.upstream_lost.swap(true, Ordering::Relaxed) {
        tracing::info!("the upstream of {} accepts no connection: {error}", context.proxy_name);
    }
}

/// Asks the toxics that take effect on arrival, one after the other. Returns false if the client is to be reset.
///
/// A toxic that delays the client does so until it is removed at the latest.
async fn admit(
    client: &TcpStream,
    context: &ConnectionContext,
    toxics: &mut watch::Receiver<Arc<Toxics>>,
    id: ConnectionId,
) -> bool {
    // By id, since toxics may come, change and go while a client waits.
    let toxic_ids: Vec<u64> = toxics.borrow().all().map(|toxic| toxic.id()).collect();
    for toxic_id in toxic_ids {
        let admission = decide(&toxics.borrow(), toxic_id, context, id);
        match admission {
            Admission::Pass => {}
            Admission::Reset => return false,
            // A client that gives up meanwhile must not count as open for the rest of the delay.
            Admission::After(delay) => tokio::select! {
                () = timer::sleep_until(Instant::now() + delay) => {}
                _ = toxics.wait_for(|toxics| toxics.all().all(|toxic| toxic.id() != toxic_id)) => {}
                () = socket::reset(client) => return false,
            },
        }
    }
    true
}

/// Asks one toxic, unless it was removed meanwhile.
fn decide(toxics: &Toxics, toxic_id: u64, context: &ConnectionContext, id: ConnectionId) -> Admission {
    // A repeated draw gives the same number: it depends only on the seed, the connection and the direction.
    let toxic = toxics.all().find(|toxic| toxic.id() == toxic_id && id.draw(toxic) < toxic.toxicity);
    toxic.map_or(Admission::Pass, |toxic| toxic.admit(context.counters.snapshot().open))
}

/// Relays both directions until both have ended or one has ended both. Returns true if the connection ends by a reset.
async fn relay(
    client: &TcpStream,
    upstream: TcpStream,
    [mut up, mut down]: [Lane; 2],
    toxics: &mut watch::Receiver<Arc<Toxics>>,
    context: &ConnectionContext,
) -> bool {
    // The sender has chosen the size of its segments; to hold small ones back would be a latency of the proxy's own.
    let _ = (client.set_nodelay(true), upstream.set_nodelay(true));
    // The side that was reset while a toxic keeps the other one from noticing.
    let mut lost: Option<ConnectionSide> = None;
    let meter = ConnectionMeter::new(&context.counters);
    loop {
        {
            // In a block of its own: as long as the borrow lives, every edit of the toxics waits for it. It
            // marks the toxics as seen, so that `changed` reports later edits alone.
            let now = toxics.borrow_and_update();
            up.apply(&now.upstream);
            down.apply(&now.downstream);
        }
        // As behind a pulled cable, the news of a reset arrives when the silent toxic is removed.
        lost = match lost.filter(|side| side.is_silenced(&up, &down)) {
            None if lost.is_some() => break,
            silenced => silenced,
        };
        let end = async {
            match lost {
                // Nothing passes any more, but the silence has to end when the other side is reset too.
                Some(ConnectionSide::Client) => socket::reset(&upstream).await,
                Some(ConnectionSide::Upstream) => socket::reset(client).await,
                None => return run_lanes(&mut up, &mut down, client, &upstream, &meter).await,
            }
            ConnectionEnd::Reset
        };
        let end = tokio::select! {
            changed = toxics.changed() => match changed {
                // Dropping the future loses nothing: everything that is held is in the lanes.
                Ok(()) => continue,
                // Cannot happen: `context` keeps the sender as long as this connection lives.
                Err(_) => return false,
            },
            end = end => end,
        };
        match end {
            ConnectionEnd::Close => return false,
            ConnectionEnd::Reset => break,
            ConnectionEnd::Lost(side) if side.is_silenced(&up, &down) => lost = Some(side),
            ConnectionEnd::Lost(_) => break,
        }
    }
    // Both ends get the reset; `serve` does the same to the client.
    let _ = upstream.set_zero_linger();
    true
}

/// Side of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ConnectionSide {
    Client,
    Upstream,
}

impl ConnectionSide {
    /// Returns true if a toxic keeps the other side from noticing that this one was reset.
    fn is_silenced(self, up: &Lane, down: &Lane) -> bool {
        match self {
            Self::Client => up.is_silent(),
            Self::Upstream => down.is_silent(),
        }
    }
}

/// End of both directions.
enum ConnectionEnd {
    Close,
    Reset,
    /// A reset by this side.
    Lost(ConnectionSide),
}

/// Runs both directions until both have ended or one has ended both.
async fn run_lanes(
    up: &mut Lane,
    down: &mut Lane,
    client: &TcpStream,
    upstream: &TcpStream,
    meter: &ConnectionMeter<'_>,
) -> ConnectionEnd {
    let end_of = |sender, receiver| {
        move |end| match end {
            LaneEnd::Close => ConnectionEnd::Close,
            LaneEnd::Reset => ConnectionEnd::Reset,
            LaneEnd::SenderLost => ConnectionEnd::Lost(sender),
            LaneEnd::ReceiverLost => ConnectionEnd::Lost(receiver),
        }
    };
    let up = async {
        up.run(client, upstream, meter)
            .await
            .map_err(end_of(ConnectionSide::Client, ConnectionSide::Upstream))
    };
    let down = async {
        down.run(upstream, client, meter)
            .await
            .map_err(end_of(ConnectionSide::Upstream, ConnectionSide::Client))
    };
    // One task for both directions: they share sockets and meter, and an error of one drops the other.
    match tokio::try_join!(up, down) {
        Ok(((), ())) => ConnectionEnd::Close,
        Err(end) => end,
    }
}

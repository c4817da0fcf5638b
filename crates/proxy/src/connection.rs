//! One connection, from its acceptance to its end.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use tokio::net::TcpStream;
use tokio::sync::watch;

use super::counters::Meter;
use super::lane::{self, Ending, Lane};
use super::single::Shared;
use super::timer;
use super::toxics::Toxics;
use super::upstreams::Upstreams;
use faultline_toxics::chain::Lot;
use faultline_toxics::door::Admission;

/// Serves a client until both sides have ended.
pub(super) async fn serve(client: TcpStream, shared: Arc<Shared>, upstreams: Arc<Upstreams>) {
    let open = shared.counters.opened();
    let mut toxics = shared.toxics.subscribe();
    let who = |downstream| Lot { connection: open.number(), downstream };
    let reset = match enter(&client, &shared, &mut toxics, who(false)).await {
        Entered::In => tokio::select! {
            connected = upstreams.connect() => match connected {
                Ok(upstream) => {
                    shared.upstream_lost.store(false, Ordering::Relaxed);
                    let lanes = [Lane::new(who(false)), Lane::new(who(true))];
                    pass_on(&client, upstream, lanes, &mut toxics, &shared).await
                }
                // Taken, and reset before anyone could look.
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => true,
                Err(error) => {
                    shared.counters.add_upstream_refused();
                    if !shared.upstream_lost.swap(true, Ordering::Relaxed) {
                        tracing::info!("the upstream of {} takes no connection: {error}", shared.name);
                    }
                    false
                }
            },
            () = lane::reset(&client) => true,
        },
        Entered::Reset => true,
    };
    if reset {
        shared.counters.add_reset();
        let _ = client.set_zero_linger();
    }
}

/// What became of a client at the door.
enum Entered {
    In,
    Reset,
}

/// What the toxics at the door say, one after the other. One that makes it wait does so no longer when it is taken
/// away.
async fn enter(
    client: &TcpStream,
    shared: &Shared,
    toxics: &mut watch::Receiver<Arc<Toxics>>,
    who: Lot,
) -> Entered {
    let ids: Vec<u64> = toxics.borrow().all().map(|toxic| toxic.id()).collect();
    for id in ids {
        let admission = admit(&toxics.borrow(), id, shared, who);
        match admission {
            Admission::Pass => {}
            Admission::Reset => return Entered::Reset,
            Admission::After(span) => tokio::select! {
                () = timer::at(Instant::now() + span) => {}
                _ = toxics.wait_for(|toxics| toxics.all().all(|toxic| toxic.id() != id)) => {}
                () = lane::reset(client) => return Entered::Reset,
            },
        }
    }
    Entered::In
}

/// Asks one toxic, if it is there still.
fn admit(toxics: &Toxics, id: u64, shared: &Shared, who: Lot) -> Admission {
    let toxic = toxics.all().find(|toxic| toxic.id() == id && who.draw(toxic) < toxic.toxicity);
    toxic.map_or(Admission::Pass, |toxic| toxic.admit(shared.counters.snapshot().open))
}

/// Both directions, until both have ended or one has ended both. Whether by a reset.
async fn pass_on(
    client: &TcpStream,
    upstream: TcpStream,
    [mut up, mut down]: [Lane; 2],
    toxics: &mut watch::Receiver<Arc<Toxics>>,
    shared: &Shared,
) -> bool {
    let _ = (client.set_nodelay(true), upstream.set_nodelay(true));
    // The side that was lost while a toxic keeps the other from knowing.
    let mut lost: Option<Side> = None;
    let meter = Meter::new(&shared.counters);
    loop {
        {
            let now = toxics.borrow_and_update();
            up.apply(&now.upstream);
            down.apply(&now.downstream);
        }
        lost = match lost.filter(|side| side.is_unheard(&up, &down)) {
            None if lost.is_some() => break,
            unheard => unheard,
        };
        let moved = async {
            match lost {
                Some(Side::Client) => lane::reset(&upstream).await,
                Some(Side::Upstream) => lane::reset(client).await,
                None => return both(&mut up, &mut down, client, &upstream, &meter).await,
            }
            Ended::Reset
        };
        let ended = tokio::select! {
            changed = toxics.changed() => match changed {
                // What the lanes hold is in the lanes.
                Ok(()) => continue,
                Err(_) => return false,
            },
            ended = moved => ended,
        };
        match ended {
            Ended::Close => return false,
            Ended::Reset => break,
            Ended::Lost(side) if side.is_unheard(&up, &down) => lost = Some(side),
            Ended::Lost(_) => break,
        }
    }
    let _ = upstream.set_zero_linger();
    true
}

/// A side of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Client,
    Upstream,
}

impl Side {
    /// Whether the other side can't hear that this one is gone.
    fn is_unheard(self, up: &Lane, down: &Lane) -> bool {
        match self {
            Self::Client => up.is_silent(),
            Self::Upstream => down.is_silent(),
        }
    }
}

/// How both directions ended.
enum Ended {
    Close,
    Reset,
    Lost(Side),
}

/// Both directions, until both have ended or one has ended both.
async fn both(
    up: &mut Lane,
    down: &mut Lane,
    client: &TcpStream,
    upstream: &TcpStream,
    meter: &Meter<'_>,
) -> Ended {
    let told = |sender, receiver| {
        move |ending| match ending {
            Ending::Close => Ended::Close,
            Ending::Reset => Ended::Reset,
            Ending::SenderLost => Ended::Lost(sender),
            Ending::ReceiverLost => Ended::Lost(receiver),
        }
    };
    let up = async { up.run(client, upstream, meter).await.map_err(told(Side::Client, Side::Upstream)) };
    let down = async { down.run(upstream, client, meter).await.map_err(told(Side::Upstream, Side::Client)) };
    match tokio::try_join!(up, down) {
        Ok(((), ())) => Ended::Close,
        Err(ended) => ended,
    }
}

//! One connection, from its acceptance to its end.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use tokio::net::TcpStream;
use tokio::sync::watch;

use super::chain::Lot;
use super::lane::{self, Ending, Lane};
use super::single::Shared;
use super::timer;
use super::toxic::door::{self, Entry};
use super::toxics::Toxics;
use super::upstreams::Upstreams;

/// Serves a client until both sides have ended.
pub(super) async fn serve(client: TcpStream, shared: Arc<Shared>, upstreams: Arc<Upstreams>) {
    let open = shared.counters.opened();
    let mut toxics = shared.toxics.subscribe();
    let who = |downstream| Lot { connection: open.number(), downstream };
    let ending = match enter(&client, &shared, &toxics, who(false)).await {
        Ok(()) => tokio::select! {
            connected = upstreams.connect() => match connected {
                Ok(upstream) => {
                    let lanes = [Lane::new(who(false)), Lane::new(who(true))];
                    pass_on(&client, upstream, lanes, &mut toxics, &shared).await
                }
                // Taken, and reset before anyone could look.
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ending::Reset,
                Err(error) => {
                    shared.counters.add_upstream_refused();
                    tracing::debug!("the upstream of {} takes no connection: {error}", shared.name);
                    Ending::Close
                }
            },
            ending = lane::reset(&client) => ending,
        },
        Err(ending) => ending,
    };
    if ending == Ending::Reset {
        shared.counters.add_reset();
        let _ = client.set_zero_linger();
    }
}

/// What the toxics at the door say, one after the other.
async fn enter(
    client: &TcpStream,
    shared: &Shared,
    toxics: &watch::Receiver<Arc<Toxics>>,
    who: Lot,
) -> Result<(), Ending> {
    let now = Arc::clone(&toxics.borrow());
    for toxic in now.all() {
        if who.draw(toxic) >= toxic.toxicity {
            continue;
        }
        match door::entry(toxic, shared.counters.snapshot().open) {
            Entry::Pass => {}
            Entry::Reset => return Err(Ending::Reset),
            Entry::After(span) => tokio::select! {
                () = timer::at(Instant::now() + span) => {}
                ending = lane::reset(client) => return Err(ending),
            },
        }
    }
    Ok(())
}

/// Both directions, until both have ended or one has ended both.
async fn pass_on(
    client: &TcpStream,
    upstream: TcpStream,
    [mut up, mut down]: [Lane; 2],
    toxics: &mut watch::Receiver<Arc<Toxics>>,
    shared: &Shared,
) -> Ending {
    let _ = (client.set_nodelay(true), upstream.set_nodelay(true));
    loop {
        {
            let now = toxics.borrow_and_update();
            up.apply(&now.upstream);
            down.apply(&now.downstream);
        }
        let both = async {
            tokio::try_join!(
                up.run(client, &upstream, &shared.counters),
                down.run(&upstream, client, &shared.counters)
            )
        };
        let ending = tokio::select! {
            changed = toxics.changed() => match changed {
                // What the lanes hold is in the lanes.
                Ok(()) => continue,
                Err(_) => Ending::Close,
            },
            ended = both => ended.err().unwrap_or(Ending::Close),
        };
        if ending == Ending::Reset {
            let _ = upstream.set_zero_linger();
        }
        return ending;
    }
}

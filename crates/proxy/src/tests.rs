//! The proxy against real sockets.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use faultline_toxics::{ToxicSettings, kind};

fn any_port() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

/// Starts an upstream that sends back what it received, after the half-close of the client.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind(any_port()).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut all = Vec::new();
                if stream.read_to_end(&mut all).await.is_ok() {
                    let _ = stream.write_all(&all).await;
                }
            });
        }
    });
    address
}

async fn to(upstream: SocketAddr) -> Proxy {
    let proxy = Proxy::new("a->b", "127.0.0.1:0", upstream, 7);
    proxy.enable().await.unwrap();
    proxy
}

async fn proxy() -> Proxy {
    to(echo().await).await
}

async fn connect(proxy: &Proxy) -> TcpStream {
    TcpStream::connect(proxy.view().await.listen).await.unwrap()
}

/// Opens a connection through a proxy and returns both of its ends.
async fn both_ends() -> (Proxy, TcpStream, TcpStream) {
    let listener = TcpListener::bind(any_port()).await.unwrap();
    let proxy = to(listener.local_addr().unwrap()).await;
    let client = connect(&proxy).await;
    let (server, _) = listener.accept().await.unwrap();
    (proxy, client, server)
}

/// Makes settings of a kind, with values in the order of its attributes; the rest is 0.
fn settings(name: &str, given: &[i64]) -> ToxicSettings {
    let mut settings = ToxicSettings::new(kind(name).unwrap());
    for (attribute, value) in settings.spec().attributes.iter().zip(given) {
        settings.set(attribute.name, *value).unwrap();
    }
    settings
}

fn toxic(name: &str, direction: Direction, given: &[i64]) -> NewToxic {
    NewToxic {
        name: format!("{name}_{direction:?}"),
        direction,
        direction_text: None,
        toxicity: 1.0,
        settings: settings(name, given),
        seed: None,
    }
}

async fn change(proxy: &Proxy, name: &str, change: impl FnOnce(&mut Toxic)) {
    let change = |toxic: &mut Toxic| {
        change(toxic);
        Ok::<_, std::convert::Infallible>(())
    };
    proxy.change(name, change).await.unwrap().unwrap();
}

async fn round_trip(proxy: &Proxy, pieces: &[Vec<u8>]) -> Vec<u8> {
    let mut stream = connect(proxy).await;
    for piece in pieces {
        stream.write_all(piece).await.unwrap();
    }
    stream.shutdown().await.unwrap();
    rest(&mut stream).await.unwrap()
}

async fn rest(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.map(|_| all)
}

/// Returns true if the socket was reset.
async fn is_reset(stream: &mut TcpStream) -> bool {
    rest(stream).await.is_err_and(|error| error.kind() == std::io::ErrorKind::ConnectionReset)
}

async fn until(done: impl Fn() -> bool) {
    while !done() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn half_close_is_passed_on_and_the_answer_arrives() {
    assert_eq!(round_trip(&proxy().await, &[b"question".to_vec()]).await, b"question");
}

#[tokio::test]
async fn latency_delays_and_counts() {
    let proxy = proxy().await;
    let up = proxy.add(toxic("latency", Direction::Upstream, &[30])).await.unwrap();
    let down = proxy.add(toxic("latency", Direction::Downstream, &[30])).await.unwrap();
    let begun = Instant::now();
    round_trip(&proxy, &[b"x".to_vec()]).await;
    assert!(begun.elapsed() >= Duration::from_millis(60), "30 ms each way");
    for toxic in [up, down] {
        assert_eq!((toxic.effects().bytes(), toxic.effects().connections()), (1, 1));
    }
}

#[tokio::test]
async fn what_is_held_leaves_when_the_toxic_goes() {
    for (name, given) in [("latency", &[3_600_000][..]), ("bandwidth", &[0]), ("half_open", &[])] {
        let proxy = proxy().await;
        let toxic = proxy.add(toxic(name, Direction::Upstream, given)).await.unwrap();
        let mut stream = connect(&proxy).await;
        stream.write_all(b"x").await.unwrap();
        stream.shutdown().await.unwrap();
        until(|| proxy.counters().open > 0).await;
        proxy.remove(&toxic.name).await.unwrap();
        assert_eq!(rest(&mut stream).await.unwrap(), b"x", "{name}");
    }
}

#[tokio::test]
async fn disabled_it_cuts_and_refuses_and_enabled_it_takes_the_same_port() {
    let proxy = proxy().await;
    let address = proxy.view().await.listen;
    let mut open = connect(&proxy).await;
    open.write_all(b"x").await.unwrap();
    until(|| proxy.counters().open > 0).await;
    proxy.disable().await;
    // An end of file or a reset: the connection is over either way.
    let _ = rest(&mut open).await;
    let refused = TcpStream::connect(&address).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    assert_eq!(proxy.counters().cut, 1);
    proxy.enable().await.unwrap();
    assert_eq!(proxy.view().await.listen, address);
    assert_eq!(round_trip(&proxy, &[b"again".to_vec()]).await, b"again");
}

#[tokio::test]
async fn an_upstream_that_is_not_there_ends_the_connection_as_toxiproxy_does() {
    let nobody = TcpListener::bind(any_port()).await.unwrap().local_addr().unwrap();
    let proxy = to(nobody).await;
    assert_eq!(rest(&mut connect(&proxy).await).await.unwrap(), b"");
    assert_eq!(proxy.counters().upstream_refused, 1);
}

#[tokio::test]
async fn a_reset_of_either_side_is_one_of_the_other_also_where_nobody_reads() {
    for stalled in [false, true] {
        for by_client in [true, false] {
            let (proxy, client, server) = both_ends().await;
            let (one, mut other) = if by_client { (client, server) } else { (server, client) };
            if stalled {
                // Until neither the sockets nor the proxy take any more.
                while tokio::time::timeout(Duration::from_millis(300), one.writable()).await.is_ok() {
                    let _ = one.try_write(&[0; 65536]);
                }
            }
            one.set_zero_linger().unwrap();
            drop(one);
            if stalled {
                until(|| proxy.counters().open == 0).await;
            }
            assert!(is_reset(&mut other).await, "stalled {stalled}, by client {by_client}");
        }
    }
}

#[tokio::test]
async fn reset_peer_resets_both_sides_of_a_connection_that_was_open_before() {
    let (proxy, mut client, mut server) = both_ends().await;
    client.write_all(b"before").await.unwrap();
    server.read_exact(&mut [0; 6]).await.unwrap();
    let toxic = proxy.add(toxic("reset_peer", Direction::Upstream, &[5])).await.unwrap();
    client.write_all(b"dropped").await.unwrap();
    assert!(is_reset(&mut client).await && is_reset(&mut server).await);
    assert_eq!((toxic.effects().bytes(), proxy.counters().reset), (7, 1));
}

#[tokio::test]
async fn a_timeout_counts_from_its_start_whatever_the_traffic() {
    for (name, arrives) in [("timeout", false), ("close_after", true)] {
        let (proxy, client, mut server) = both_ends().await;
        proxy.add(toxic(name, Direction::Upstream, &[50])).await.unwrap();
        let sending = tokio::spawn(async move {
            while client.writable().await.is_ok() && client.try_write(b"x").is_ok() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        });
        let begun = Instant::now();
        let mut arrived = Vec::new();
        // What was on its way when it was closed makes it a reset.
        let _ = server.read_to_end(&mut arrived).await;
        sending.await.unwrap();
        assert!(begun.elapsed() >= Duration::from_millis(45), "{name}");
        assert_eq!(!arrived.is_empty(), arrives, "{name}");
    }
}

#[tokio::test]
async fn a_timeout_of_0_never_closes_and_closes_as_it_goes() {
    let (proxy, mut client, mut server) = both_ends().await;
    let toxic = proxy.add(toxic("timeout", Direction::Upstream, &[0])).await.unwrap();
    client.write_all(b"dropped").await.unwrap();
    until(|| toxic.effects().bytes() == 7).await;
    proxy.remove(&toxic.name).await.unwrap();
    assert_eq!(rest(&mut server).await.unwrap(), b"");
}

#[tokio::test]
async fn limit_data_passes_exactly_so_much_and_its_count_survives_an_update() {
    let (proxy, mut client, mut server) = both_ends().await;
    let toxic = proxy.add(toxic("limit_data", Direction::Upstream, &[10])).await.unwrap();
    client.write_all(b"12345").await.unwrap();
    server.read_exact(&mut [0; 5]).await.unwrap();
    change(&proxy, &toxic.name, |toxic| toxic.settings = settings(toxic.settings.spec().name, &[8])).await;
    client.write_all(b"6789").await.unwrap();
    assert_eq!(rest(&mut server).await.unwrap(), b"678");
}

#[tokio::test]
async fn slow_close_holds_the_close_alone() {
    let (proxy, mut client, mut server) = both_ends().await;
    proxy.add(toxic("slow_close", Direction::Upstream, &[40])).await.unwrap();
    client.write_all(b"x").await.unwrap();
    server.read_exact(&mut [0]).await.unwrap();
    let begun = Instant::now();
    client.shutdown().await.unwrap();
    assert_eq!(rest(&mut server).await.unwrap(), b"");
    assert!(begun.elapsed() >= Duration::from_millis(40));
}

#[tokio::test]
async fn a_close_that_is_held_counts_though_a_reset_comes_before_its_time() {
    let (proxy, mut client, server) = both_ends().await;
    let toxic = proxy.add(toxic("slow_close", Direction::Downstream, &[600_000])).await.unwrap();
    drop(server);
    until(|| toxic.effects().connections() == 1).await;
    client.write_all(b"to nobody").await.unwrap();
    assert!(is_reset(&mut client).await);
    assert_eq!(toxic.effects().connections(), 1);
}

#[tokio::test]
async fn what_is_held_counts_before_it_leaves() {
    for (name, given) in [("latency", 600_000), ("bandwidth", 0)] {
        let (proxy, mut client, mut server) = both_ends().await;
        let toxic = proxy.add(toxic(name, Direction::Upstream, &[given])).await.unwrap();
        client.write_all(b"held").await.unwrap();
        until(|| toxic.effects().connections() == 1).await;
        assert_eq!(toxic.effects().bytes(), 0, "{name}: of none of its bytes is it known for how long");
        proxy.remove(&toxic.name).await.unwrap();
        client.shutdown().await.unwrap();
        assert_eq!(rest(&mut server).await.unwrap(), b"held", "{name}");
    }
}

#[tokio::test]
async fn corrupt_flips_one_bit_of_as_many_bytes_as_it_says_the_same_for_the_same_seed() {
    let sent = vec![0_u8; 200_000];
    let mut arrived = Vec::new();
    for _ in 0..2 {
        let proxy = proxy().await;
        let toxic = proxy.add(toxic("corrupt", Direction::Upstream, &[1_000])).await.unwrap();
        let got = round_trip(&proxy, std::slice::from_ref(&sent)).await;
        let changed: Vec<_> = got.iter().filter(|byte| **byte != 0).collect();
        assert_eq!((got.len(), changed.len() as u64), (sent.len(), toxic.effects().bytes()));
        assert!(changed.iter().all(|byte| byte.count_ones() == 1));
        // 200 are expected; 14 is their standard deviation.
        assert!((100..300).contains(&changed.len()), "{}", changed.len());
        arrived.push(got);
    }
    assert_eq!(arrived[0], arrived[1]);
}

#[tokio::test]
async fn at_the_door_connections_are_reset_delayed_or_counted() {
    let proxy = proxy().await;
    let refuse = proxy.add(toxic("refuse", Direction::Downstream, &[])).await.unwrap();
    assert!(is_reset(&mut connect(&proxy).await).await);
    proxy.remove(&refuse.name).await.unwrap();
    assert_eq!(refuse.effects().connections(), 1);

    let first = proxy.add(toxic("fail_first", Direction::Downstream, &[2])).await.unwrap();
    for fails in [true, true, false] {
        let mut stream = connect(&proxy).await;
        stream.shutdown().await.unwrap();
        assert_eq!(is_reset(&mut stream).await, fails);
    }
    proxy.remove(&first.name).await.unwrap();

    let slow = proxy.add(toxic("slow_handshake", Direction::Downstream, &[30])).await.unwrap();
    let begun = Instant::now();
    assert_eq!(round_trip(&proxy, &[b"late".to_vec()]).await, b"late");
    assert!(begun.elapsed() >= Duration::from_millis(30));
    proxy.remove(&slow.name).await.unwrap();

    proxy.add(toxic("max_connections", Direction::Downstream, &[1])).await.unwrap();
    until(|| proxy.counters().open == 0).await;
    let kept = connect(&proxy).await;
    until(|| proxy.counters().open == 1).await;
    assert!(is_reset(&mut connect(&proxy).await).await);
    drop(kept);
}

#[tokio::test]
async fn connections_that_the_toxicity_spares_use_up_no_reset_of_fail_first() {
    let proxy = proxy().await;
    let half = NewToxic { toxicity: 0.5, ..toxic("fail_first", Direction::Downstream, &[3]) };
    proxy.add(half).await.unwrap();
    let mut resets = Vec::new();
    for _ in 0..20 {
        let mut stream = connect(&proxy).await;
        stream.shutdown().await.unwrap();
        resets.push(is_reset(&mut stream).await);
    }
    assert_eq!(resets.iter().filter(|reset| **reset).count(), 3, "{resets:?}");
    assert_ne!(resets[..3], [true; 3], "the toxicity spares one of the first three");
}

#[tokio::test]
async fn toxicity_is_drawn_once_by_the_seed_and_an_update_does_not_draw_again() {
    let listener = TcpListener::bind(any_port()).await.unwrap();
    let mut shares = Vec::new();
    for _ in 0..2 {
        let proxy = to(listener.local_addr().unwrap()).await;
        let mut half = toxic("noop", Direction::Upstream, &[]);
        half.settings = settings("limit_data", &[0]);
        half.toxicity = 0.5;
        let half = proxy.add(half).await.unwrap();
        let mut dropped = Vec::new();
        for _ in 0..40 {
            let mut client = connect(&proxy).await;
            let (mut server, _) = listener.accept().await.unwrap();
            change(&proxy, &half.name, |_| {}).await;
            client.write_all(b"x").await.unwrap();
            client.shutdown().await.unwrap();
            dropped.push(rest(&mut server).await.unwrap().is_empty());
        }
        shares.push(dropped);
    }
    assert_eq!(shares[0], shares[1]);
    let dropped = shares[0].iter().filter(|dropped| **dropped).count();
    assert!((5..=35).contains(&dropped), "{dropped} of 40");
}

#[tokio::test]
async fn nothing_waits_behind_a_reader_that_is_stalled() {
    let (proxy, client, _server) = both_ends().await;
    let toxic = proxy.add(toxic("latency", Direction::Upstream, &[1])).await.unwrap();
    while tokio::time::timeout(Duration::from_millis(300), client.writable()).await.is_ok() {
        let _ = client.try_write(&[0; 65536]);
    }
    let all = async {
        change(&proxy, &toxic.name, |toxic| toxic.toxicity = 0.0).await;
        proxy.remove(&toxic.name).await.unwrap();
        proxy.disable().await;
    };
    tokio::time::timeout(Duration::from_secs(5), all).await.expect("no call hangs");
}

#[tokio::test]
async fn a_new_upstream_closes_what_is_open_and_keeps_the_toxics() {
    let proxy = proxy().await;
    proxy.add(toxic("latency", Direction::Upstream, &[1])).await.unwrap();
    let mut open = connect(&proxy).await;
    until(|| proxy.counters().open == 1).await;
    let other = echo().await.to_string();
    proxy.update(None, Some(&other), None).await.unwrap();
    let _ = rest(&mut open).await;
    let view = proxy.view().await;
    assert_eq!((view.upstream, view.toxics.upstream.len(), view.enabled), (other, 1, true));
    assert_eq!(round_trip(&proxy, &[b"there".to_vec()]).await, b"there");
}

/// Toxics that change no byte, whatever they are given.
fn harmless() -> impl Strategy<Value = (usize, NewToxic)> {
    let given = (
        prop_oneof![
            Just(("noop", vec![])),
            Just(("half_open", vec![])),
            (0i64..4, 0i64..4).prop_map(|(latency, jitter)| ("latency", vec![latency, jitter])),
            (1i64..100_000).prop_map(|rate| ("bandwidth", vec![rate])),
            (0i64..3).prop_map(|delay| ("slow_close", vec![delay])),
            (1i64..5_000, 0i64..5_000, 0i64..20)
                .prop_map(|(size, more, delay)| ("slicer", vec![size, more, delay])),
        ],
        any::<bool>(),
        0.0..1.5f64,
    );
    (0usize..3, given).prop_map(|(place, ((name, given), down, toxicity))| {
        let direction = if down { Direction::Downstream } else { Direction::Upstream };
        let mut new = toxic(name, direction, &given);
        (new.name, new.toxicity) = (place.to_string(), toxicity);
        (place, new)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn bytes_arrive_whole_and_in_order_whatever_harmless_toxics_come_change_and_go(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..100_000), 1..8),
        steps in prop::collection::vec(harmless(), 0..16),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let arrived = runtime.block_on(async {
            let proxy = proxy().await;
            let toggling = async {
                for (place, new) in steps {
                    // One of its place is removed, or changed if it is of the same kind.
                    let name = place.to_string();
                    let kinds = proxy.toxics().named(&name).map(|known| known.settings.spec().name);
                    match kinds {
                        None => drop(proxy.add(new).await.unwrap()),
                        Some(kind) if kind == new.settings.spec().name => {
                            change(&proxy, &name, |toxic| toxic.settings = new.settings).await;
                        }
                        Some(_) => drop(proxy.remove(&name).await.unwrap()),
                    }
                    tokio::task::yield_now().await;
                }
                proxy.remove_all().await;
            };
            tokio::join!(round_trip(&proxy, &pieces), toggling).0
        });
        prop_assert_eq!(arrived, pieces.concat());
    }
}

/// Much data goes through the kernel; toxics come and go in the middle of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn much_data_arrives_whole_while_toxics_come_and_go() {
    let (proxy, mut client, mut server) = both_ends().await;
    let sent: Vec<u8> = (0..16_000_000_u32).map(|number| (number / 7) as u8).collect();
    let expected = sent.clone();
    let sending = tokio::spawn(async move {
        client.write_all(&sent).await.unwrap();
        client.shutdown().await.unwrap();
    });
    let toggling = async {
        for _ in 0..40 {
            let slicer = proxy.add(toxic("slicer", Direction::Upstream, &[20_000, 10_000])).await.unwrap();
            let passed = proxy.counters().upstream_bytes;
            until(|| proxy.counters().upstream_bytes > passed + 50_000 || passed > 15_000_000).await;
            proxy.remove(&slicer.name).await.unwrap();
            let passed = proxy.counters().upstream_bytes;
            until(|| proxy.counters().upstream_bytes > passed + 50_000 || passed > 15_000_000).await;
        }
    };
    let (arrived, ()) = tokio::join!(rest(&mut server), toggling);
    sending.await.unwrap();
    assert!(arrived.unwrap() == expected);
    assert_eq!(proxy.counters().upstream_bytes, 16_000_000);
}

#[tokio::test]
async fn behind_a_half_open_link_nobody_hears_that_the_other_is_gone() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = Proxy::new("p", "127.0.0.1:0", server.local_addr().unwrap(), 0);
    proxy.enable().await.unwrap();
    let half_open = proxy.add(toxic("half_open", Direction::Upstream, &[])).await.unwrap();
    let mut client = connect(&proxy).await;
    let (mut served, _) = server.accept().await.unwrap();
    served.write_all(b"down").await.unwrap();
    let mut came = [0; 4];
    client.read_exact(&mut came).await.unwrap();
    client.set_zero_linger().unwrap();
    drop(client);
    let mut byte = [0];
    let heard = tokio::time::timeout(Duration::from_millis(100), served.read(&mut byte)).await;
    assert!(heard.is_err(), "{heard:?}");
    proxy.remove(&half_open.name).await.unwrap();
    let error = served.read(&mut byte).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn whoever_waits_at_the_door_is_let_in_when_the_toxic_goes() {
    let proxy = proxy().await;
    let slow = proxy.add(toxic("slow_handshake", Direction::Upstream, &[3_600_000])).await.unwrap();
    let mut stream = connect(&proxy).await;
    stream.write_all(b"x").await.unwrap();
    stream.shutdown().await.unwrap();
    until(|| slow.effects().connections() == 1).await;
    proxy.remove(&slow.name).await.unwrap();
    assert_eq!(rest(&mut stream).await.unwrap(), b"x");
}

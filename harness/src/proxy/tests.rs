//! The proxy against real sockets.

use std::time::Duration;

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

fn any_port() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

/// An upstream that answers each connection with what it got, after the client's half-close.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind(any_port()).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut all = Vec::new();
                stream.read_to_end(&mut all).await.unwrap();
                stream.write_all(&all).await.unwrap();
            });
        }
    });
    address
}

async fn proxy() -> Proxy {
    Proxy::start("a->b", any_port(), echo().await).await.unwrap()
}

async fn round_trip(proxy: &Proxy, pieces: &[Vec<u8>]) -> Vec<u8> {
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    for piece in pieces {
        stream.write_all(piece).await.unwrap();
    }
    stream.shutdown().await.unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.unwrap();
    all
}

fn latency(millis: u64, jitter: u64) -> Toxics {
    let latency =
        Latency { latency: Duration::from_millis(millis), jitter: Duration::from_millis(jitter), seed: 7 };
    Toxics { latency: Some(latency) }
}

#[tokio::test]
async fn half_close_is_passed_on_and_the_answer_arrives() {
    assert_eq!(round_trip(&proxy().await, &[b"question".to_vec()]).await, b"question");
}

#[tokio::test]
async fn latency_delays_and_counts() {
    let proxy = proxy().await;
    proxy.set_toxics(latency(30, 0));
    let begun = std::time::Instant::now();
    round_trip(&proxy, &[b"x".to_vec()]).await;
    assert!(begun.elapsed() >= Duration::from_millis(60), "30 ms each way");
    assert_eq!(proxy.counters().delayed_bytes, 2);
}

#[tokio::test]
async fn what_is_held_leaves_when_the_toxic_goes() {
    let proxy = proxy().await;
    proxy.set_toxics(latency(3_600_000, 0));
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    stream.write_all(b"x").await.unwrap();
    stream.shutdown().await.unwrap();
    while proxy.counters().open == 0 {
        tokio::task::yield_now().await;
    }
    proxy.set_toxics(Toxics::default());
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.unwrap();
    assert_eq!(all, b"x");
}

#[tokio::test]
async fn disabled_it_cuts_and_refuses_and_enabled_it_takes_the_same_port() {
    let mut proxy = proxy().await;
    let mut open = TcpStream::connect(proxy.address()).await.unwrap();
    open.write_all(b"x").await.unwrap();
    while proxy.counters().open == 0 {
        tokio::task::yield_now().await;
    }
    proxy.disable().await;
    let mut rest = Vec::new();
    // An end of file or a reset: the connection is over either way.
    let _ = open.read_to_end(&mut rest).await;
    let refused = TcpStream::connect(proxy.address()).await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    assert_eq!(proxy.counters().cut, 1);
    proxy.enable().await.unwrap();
    assert_eq!(round_trip(&proxy, &[b"again".to_vec()]).await, b"again");
}

#[tokio::test]
async fn an_upstream_that_is_not_there_resets_the_client() {
    let nobody = TcpListener::bind(any_port()).await.unwrap().local_addr().unwrap();
    let proxy = Proxy::start("a->b", any_port(), nobody).await.unwrap();
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    let mut byte = [0];
    assert!(stream.read(&mut byte).await.is_err());
    assert_eq!(proxy.counters().upstream_refused, 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn bytes_arrive_whole_and_in_order_whatever_the_toxics_do(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..20_000), 1..8),
        toggles in prop::collection::vec((0u64..4, 0u64..3), 0..12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let arrived = runtime.block_on(async {
            let proxy = proxy().await;
            let toggling = async {
                for (millis, jitter) in &toggles {
                    proxy.set_toxics(if *millis == 0 { Toxics::default() } else { latency(*millis, *jitter.min(millis)) });
                    tokio::task::yield_now().await;
                }
            };
            tokio::join!(round_trip(&proxy, &pieces), toggling).0
        });
        prop_assert_eq!(arrived, pieces.concat());
    }
}

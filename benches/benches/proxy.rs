//! Cost of the proxy of a link without toxics: a round trip of 64 bytes, and a download.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use faultline::proxy::Proxy;
use tokio::runtime::Runtime;

const MESSAGE: usize = 64;

/// Bytes of one download.
const DOWNLOAD: usize = 64 * 1024 * 1024;

fn pass_through(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let (echo, source) = (serve(echo), serve(pour));
    let proxied = |upstream: SocketAddr| {
        let proxy = Proxy::new("bench", "127.0.0.1:0", upstream, 0);
        let listen = runtime.block_on(async {
            proxy.enable().await.expect("a proxy");
            proxy.view().await.listen
        });
        (proxy, listen.parse::<SocketAddr>().expect("an address"))
    };
    // Kept to the end: a proxy that is dropped no longer listens.
    let ((_to_echo, echo_proxy), (_to_source, source_proxy)) = (proxied(echo), proxied(source));

    let mut group = criterion.benchmark_group("proxy");
    group.measurement_time(Duration::from_secs(3));
    for (name, address) in [("direct", echo), ("proxied", echo_proxy)] {
        round_trip(&mut group, name, address);
    }
    group.throughput(Throughput::Bytes(DOWNLOAD as u64)).sample_size(20);
    for (name, address) in [("direct", source), ("proxied", source_proxy)] {
        download(&mut group, name, address);
    }
    group.finish();
}

fn round_trip(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, address: SocketAddr) {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_nodelay(true).expect("an option of the socket");
    let mut message = [7; MESSAGE];
    group.bench_function(format!("round-trip/{name}"), |bencher| {
        bencher.iter(|| {
            // Criterion ignores what an iteration returns: after an error, it would count none as fast ones.
            stream.write_all(&message).expect("a message on its way");
            stream.read_exact(&mut message).expect("its echo");
        });
    });
}

/// Measures downloads, each on a new connection, whose making is not counted.
fn download(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, address: SocketAddr) {
    let mut buffer = vec![0; 256 * 1024];
    group.bench_function(format!("download/{name}"), |bencher| {
        bencher.iter_custom(|times| {
            let mut took = Duration::ZERO;
            for _ in 0..times {
                let mut stream = TcpStream::connect(address).expect("a connection");
                let (begun, mut left) = (Instant::now(), DOWNLOAD);
                while left > 0 {
                    let read = stream.read(&mut buffer).expect("the download");
                    assert!(read > 0, "the download ended early");
                    left = left.saturating_sub(read);
                }
                took += begun.elapsed();
            }
            took
        });
    });
}

/// Starts a server on a free port, with a thread for each connection; it ends with the bench.
fn serve(answer: fn(TcpStream)) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("its address");
    // Threads and no runtime, so that the origin costs the proxy's runtime nothing.
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
    address
}

fn echo(mut stream: TcpStream) {
    let mut message = [0; MESSAGE];
    let _ = stream.set_nodelay(true);
    while stream.read_exact(&mut message).is_ok() && stream.write_all(&message).is_ok() {}
}

fn pour(mut stream: TcpStream) {
    let piece = vec![7; 256 * 1024];
    for _ in 0..DOWNLOAD / piece.len() {
        if stream.write_all(&piece).is_err() {
            return;
        }
    }
}

criterion_group!(benches, pass_through);
criterion_main!(benches);

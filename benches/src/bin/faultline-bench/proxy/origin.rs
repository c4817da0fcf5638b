//! Origin behind every proxy, a process of its own: an echo, a source of bytes, and an echo that answers late.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use benches::BenchError;
use clap::Args;
use faultline::cli::output::tell;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// Bytes of a message.
pub(super) const MESSAGE: usize = 64;

/// The options of the verb.
#[derive(Args)]
pub(crate) struct Origin {
    /// Milliseconds after which the slow echo answers
    #[arg(long)]
    delay: u64,
}

/// Addresses of an origin, or of the proxies before it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OriginAddresses {
    /// Echo of each message.
    pub(crate) echo: SocketAddr,
    /// Source of as many bytes as are read.
    pub(crate) source: SocketAddr,
    /// Echo of each message, after the delay.
    pub(crate) slow: SocketAddr,
}

impl OriginAddresses {
    /// Addresses with their names.
    pub(crate) fn named(&self) -> [(&'static str, SocketAddr); 3] {
        [("echo", self.echo), ("source", self.source), ("slow", self.slow)]
    }

    /// Origin with these addresses, in the order of [`Self::named`].
    pub(super) fn from_named([echo, source, slow]: [SocketAddr; 3]) -> Self {
        Self { echo, source, slow }
    }
}

/// Answer with the time at which it is due.
type DelayedEcho = (Instant, Arc<OwnedWriteHalf>, [u8; MESSAGE]);

impl Origin {
    /// Serves until it is killed; its first line on standard output has the three addresses.
    pub(crate) fn perform(self) -> Result<ExitCode, BenchError> {
        let delay = Duration::from_millis(self.delay);
        tokio::runtime::Runtime::new()?.block_on(async {
            let (echo_listener, source_listener, slow_listener) = (bind()?, bind()?, bind()?);
            let addresses =
                [&echo_listener, &source_listener, &slow_listener].map(|listener| listener.local_addr());
            let [echo_at, source_at, slow_at] = addresses;
            tell(format_args!("{} {} {}", echo_at?, source_at?, slow_at?));
            // The standard library's channel, since a thread waits on it.
            let (late, answers) = channel();
            std::thread::spawn(move || answer_in_time(&answers));
            tokio::join!(
                accept(echo_listener, echo),
                accept(source_listener, pour),
                accept(slow_listener, move |stream| slow_echo(stream, delay, late.clone())),
            );
            Ok(ExitCode::SUCCESS)
        })
    }
}

/// Connections that may wait to be accepted.
// As many as with a listener of the standard library, so that a proxy that opens too many connections at once shows as
// slow first answers.
const BACKLOG: u32 = 128;

fn bind() -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    socket.listen(BACKLOG)
}

async fn accept<F: Future<Output = std::io::Result<()>> + Send + 'static>(
    listener: TcpListener,
    serve: impl Fn(TcpStream) -> F,
) {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            // A connection ends when its client does; nobody reads its error.
            tokio::spawn(serve(stream));
        }
    }
}

async fn echo(mut stream: TcpStream) -> std::io::Result<()> {
    let mut message = [0; MESSAGE];
    loop {
        stream.read_exact(&mut message).await?;
        stream.write_all(&message).await?;
    }
}

// Large pieces, so that the origin does not bound the proxy.
async fn pour(mut stream: TcpStream) -> std::io::Result<()> {
    let piece = vec![7; 256 * 1024];
    loop {
        stream.write_all(&piece).await?;
    }
}

async fn slow_echo(stream: TcpStream, delay: Duration, late: Sender<DelayedEcho>) -> std::io::Result<()> {
    let (mut from, to) = stream.into_split();
    let (to, mut message) = (Arc::new(to), [0; MESSAGE]);
    loop {
        from.read_exact(&mut message).await?;
        let _ = late.send((Instant::now() + delay, Arc::clone(&to), message));
    }
}

/// Sends answers when they are due. It has a thread of its own, which sleeps to 0.1 ms, where the runtime's timer would
/// sleep to 1 ms. All delays are the same, so answers are due in the order of their messages.
fn answer_in_time(answers: &Receiver<DelayedEcho>) {
    while let Ok((due, to, message)) = answers.recv() {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        // 64 bytes always fit into an empty send buffer.
        let _ = to.try_write(&message);
    }
}

//! What is behind every proxy, as a process of its own: an echo, a source of bytes, and an echo that takes its time.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use benches::Failed;
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

/// Where an origin listens.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Doors {
    /// Answers each message with itself.
    pub(crate) echo: SocketAddr,
    /// Sends as much as is taken.
    pub(crate) source: SocketAddr,
    /// Answers each message with itself, later.
    pub(crate) slow: SocketAddr,
}

impl Doors {
    /// All of them, by name.
    pub(crate) fn named(&self) -> [(&'static str, SocketAddr); 3] {
        [("echo", self.echo), ("source", self.source), ("slow", self.slow)]
    }

    /// The doors of these addresses, in the order of [`Self::named`].
    pub(super) fn from_named([echo, source, slow]: [SocketAddr; 3]) -> Self {
        Self { echo, source, slow }
    }
}

/// An answer that waits for its time.
type Late = (Instant, Arc<OwnedWriteHalf>, [u8; MESSAGE]);

impl Origin {
    /// Serves until it is killed; its first line on standard output tells the three addresses.
    pub(crate) fn perform(self) -> Result<ExitCode, Failed> {
        let delay = Duration::from_millis(self.delay);
        tokio::runtime::Runtime::new()?.block_on(async {
            let (echo_door, source_door, slow_door) = (bind()?, bind()?, bind()?);
            let addresses = [&echo_door, &source_door, &slow_door].map(|door| door.local_addr());
            let [echo_at, source_at, slow_at] = addresses;
            tell(format_args!("{} {} {}", echo_at?, source_at?, slow_at?));
            let (late, answers) = channel();
            std::thread::spawn(move || answer_in_time(&answers));
            tokio::join!(
                accept(echo_door, echo),
                accept(source_door, pour),
                accept(slow_door, move |stream| slow_echo(stream, delay, late.clone())),
            );
            Ok(ExitCode::SUCCESS)
        })
    }
}

/// Connections that may wait to be accepted: as many as with a listener of the standard library, so that a proxy that
/// opens too many connections at once shows as slow first answers.
const BACKLOG: u32 = 128;

fn bind() -> std::io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    socket.listen(BACKLOG)
}

async fn accept<F: Future<Output = std::io::Result<()>> + Send + 'static>(
    door: TcpListener,
    serve: impl Fn(TcpStream) -> F,
) {
    loop {
        if let Ok((stream, _)) = door.accept().await {
            let _ = stream.set_nodelay(true);
            // A connection ends when its client does; there is nobody to tell.
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

async fn pour(mut stream: TcpStream) -> std::io::Result<()> {
    let piece = vec![7; 256 * 1024];
    loop {
        stream.write_all(&piece).await?;
    }
}

async fn slow_echo(stream: TcpStream, delay: Duration, late: Sender<Late>) -> std::io::Result<()> {
    let (mut from, to) = stream.into_split();
    let (to, mut message) = (Arc::new(to), [0; MESSAGE]);
    loop {
        from.read_exact(&mut message).await?;
        let _ = late.send((Instant::now() + delay, Arc::clone(&to), message));
    }
}

/// A thread of its own, which sleeps to 0.1 ms where the runtime's timer would to 1 ms. All delays are the same, so what
/// came first is due first.
fn answer_in_time(answers: &Receiver<Late>) {
    while let Ok((due, to, message)) = answers.recv() {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        // 64 bytes always fit beside nothing.
        let _ = to.try_write(&message);
    }
}

//! Simplest proxy: tokio's copy in both directions, as a process of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use benches::BenchError;
use clap::Args;
use faultline::cli::output::tell;
use tokio::io::copy_bidirectional_with_sizes;
use tokio::net::{TcpListener, TcpStream};

/// Bytes of each buffer.
const BUFFER: usize = 64 * 1024;

/// The options of the verb.
#[derive(Args)]
pub(crate) struct PlainCopy {
    /// Addresses of the servers behind it, each of which gets a listener
    upstreams: Vec<SocketAddr>,
}

impl PlainCopy {
    /// Serves until it is killed; its first line on standard output has the addresses, in the order of the upstreams.
    pub(crate) fn perform(self) -> Result<ExitCode, BenchError> {
        tokio::runtime::Runtime::new()?.block_on(async {
            let mut addresses = Vec::new();
            for upstream in self.upstreams {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
                addresses.push(listener.local_addr()?.to_string());
                tokio::spawn(serve(listener, upstream));
            }
            tell(format_args!("{}", addresses.join(" ")));
            std::future::pending().await
        })
    }
}

async fn serve(listener: TcpListener, upstream: SocketAddr) {
    loop {
        if let Ok((client, _)) = listener.accept().await {
            // A connection ends when one of its sides does; nobody reads its error.
            tokio::spawn(pass(client, upstream));
        }
    }
}

async fn pass(mut client: TcpStream, upstream: SocketAddr) -> std::io::Result<()> {
    let mut server = TcpStream::connect(upstream).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    copy_bidirectional_with_sizes(&mut client, &mut server, BUFFER, BUFFER).await.map(|_| ())
}

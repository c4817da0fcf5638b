//! What a proxy is at its simplest: tokio's copy in both directions, as a process of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use benches::Failed;
use clap::Args;
use faultline::cli::output::tell;
use tokio::io::copy_bidirectional_with_sizes;
use tokio::net::{TcpListener, TcpStream};

/// Bytes of each buffer.
const BUFFER: usize = 64 * 1024;

/// The options of the verb.
#[derive(Args)]
pub(crate) struct PlainCopy {
    /// Where connections go, one door for each
    upstreams: Vec<SocketAddr>,
}

impl PlainCopy {
    /// Serves until it is killed; its first line on standard output tells the addresses, in the order of the upstreams.
    pub(crate) fn perform(self) -> Result<ExitCode, Failed> {
        tokio::runtime::Runtime::new()?.block_on(async {
            let mut told = Vec::new();
            for upstream in self.upstreams {
                let door = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
                told.push(door.local_addr()?.to_string());
                tokio::spawn(serve(door, upstream));
            }
            tell(told.join(" "));
            std::future::pending().await
        })
    }
}

async fn serve(door: TcpListener, upstream: SocketAddr) {
    loop {
        if let Ok((client, _)) = door.accept().await {
            // A connection ends when one of its sides does; there is nobody to tell.
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

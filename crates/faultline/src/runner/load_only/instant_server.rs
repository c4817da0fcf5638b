//! A server that answers at once: a load on it measures the generator and the machine alone.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// A server on a free port of 127.0.0.1, until it is dropped.
pub(super) struct InstantServer {
    pub(super) address: SocketAddr,
    _serving: AbortOnDropHandle<()>,
}

impl InstantServer {
    /// Starts a server on the current runtime.
    ///
    /// # Errors
    /// The error of the system, if no port is free.
    pub(super) async fn serve() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let serving = tokio::spawn(async move {
            // Connections end with the load that made them.
            while let Ok((stream, _)) = listener.accept().await {
                // Otherwise Nagle's algorithm would be measured too.
                let _ = stream.set_nodelay(true);
                tokio::spawn(
                    http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)),
                );
            }
        });
        Ok(Self { address, _serving: AbortOnDropHandle::new(serving) })
    }
}

async fn answer(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::from("hello")))
}

//! Bare server in Rust that a service is measured beside: what remains of a service without all that makes it one.

use std::net::Ipv4Addr;
use std::process::ExitCode;

use benches::BenchError;
use clap::{Args, ValueEnum};
use faultline::cli::output::print_line;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// Answer of the broker to a ping.
// The same bytes, so that both servers write as much.
const GREETING: &[u8] = br#"{"error":false,"message":"the broker works"}"#;

/// The options of the verb.
#[derive(Args)]
pub(crate) struct ReferenceVerb {
    /// The server
    #[arg(value_enum)]
    server: ReferenceServer,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ReferenceServer {
    /// HTTP by hyper alone, which answers every request as the broker answers a ping
    Hyper,
}

impl ReferenceVerb {
    /// Serves until it is killed; its first line on standard output is its address.
    pub(crate) fn perform(self) -> Result<ExitCode, BenchError> {
        let ReferenceServer::Hyper = self.server;
        tokio::runtime::Runtime::new()?.block_on(serve_hyper())
    }
}

async fn serve_hyper() -> Result<ExitCode, BenchError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    print_line(format_args!("{}", listener.local_addr()?));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        // A connection ends when its client does; nobody reads its error.
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(greet)));
    }
}

async fn greet(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    // The broker reads the body too; unread, it would end the connection.
    request.into_body().collect().await?;
    let mut answer = Response::new(Full::new(Bytes::from_static(GREETING)));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(answer)
}

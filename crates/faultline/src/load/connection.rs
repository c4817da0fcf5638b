//! One HTTP/1.1 connection that is kept, and one exchange on it at a time.

use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::answer::{self, Sent};

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(2);

/// Answers are read up to here, in bytes.
const LONGEST_ANSWER: usize = 4 * 1024 * 1024;

type Request1 = Request<Full<Bytes>>;

/// A connection. Whoever uses it drives it too, so that an exchange wakes one task and not two.
#[derive(Debug)]
pub(super) struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    driver: Driver,
}

#[derive(Debug)]
struct Driver {
    work: Pin<Box<http1::Connection<TokioIo<TcpStream>, Full<Bytes>>>>,
    over: bool,
}

/// What came of an exchange.
pub(super) enum Exchange {
    /// It was sent.
    Done(Sent),
    /// The other side had closed the connection before anything was sent: the request can be sent on another.
    NotSent(Box<Request1>),
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// What the system says, or that it took too long.
    pub(super) async fn open(address: SocketAddr) -> Result<Self, String> {
        let told = |error: &dyn std::fmt::Display| format!("can't connect to {address}: {error}");
        let stream = tokio::time::timeout(CONNECT, TcpStream::connect(address)).await;
        let stream = stream.map_err(|_| told(&format!("no answer within {CONNECT:?}")))?;
        let stream = stream.map_err(|error| told(&error))?;
        stream.set_nodelay(true).map_err(|error| told(&error))?;
        let (sender, driver) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| told(&error))?;
        Ok(Self { sender, driver: Driver { work: Box::pin(driver), over: false } })
    }

    /// Whether nothing can be sent on it any more.
    pub(super) fn is_over(&self) -> bool {
        self.driver.over || self.sender.is_closed()
    }

    /// Waits until the other side closes it.
    pub(super) async fn closed(&mut self) {
        let driver = &mut self.driver;
        std::future::poll_fn(|context| driver.poll(context)).await;
    }

    /// Sends a request and reads its answer. If this is given up, the connection must be too.
    pub(super) async fn exchange(&mut self, request: Request1) -> Exchange {
        let Self { sender, driver } = self;
        let mut work = pin!(exchange(sender, request));
        std::future::poll_fn(|context| {
            // First the work, which hands the request over; then the driver, which sends it.
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready(done);
            }
            let _ = driver.poll(context);
            work.as_mut().poll(context)
        })
        .await
    }
}

impl Driver {
    /// Ready when the connection is over.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if !self.over {
            self.over = self.work.as_mut().poll(context).is_ready();
        }
        if self.over { Poll::Ready(()) } else { Poll::Pending }
    }
}

async fn exchange(sender: &mut http1::SendRequest<Full<Bytes>>, request: Request1) -> Exchange {
    // After an answer the connection needs a moment until it takes the next request.
    if sender.ready().await.is_err() {
        return Exchange::NotSent(Box::new(request));
    }
    let answer = match sender.try_send_request(request).await {
        Ok(answer) => answer,
        Err(mut error) => {
            return match error.take_message() {
                Some(request) => Exchange::NotSent(Box::new(request)),
                None => Exchange::Done(answer::none(&error.into_error())),
            };
        }
    };
    let status = answer.status().as_u16();
    Exchange::Done(match Limited::new(answer.into_body(), LONGEST_ANSWER).collect().await {
        Ok(body) => answer::whole(status, &body.to_bytes()),
        Err(error) => answer::broken(status, &error),
    })
}

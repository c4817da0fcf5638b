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

use super::response::{self, Response};
use crate::stack::topology::AnswerSpec;

/// Longest time that a connection may take to be made.
// Longer than a second, after which the kernel repeats a SYN that a full accept queue dropped.
const CONNECT: Duration = Duration::from_secs(2);

/// Longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 4 * 1024 * 1024;

type HttpRequest = Request<Full<Bytes>>;

/// An HTTP connection.
// Its user drives it too, so that an exchange wakes one task and not two.
#[derive(Debug)]
pub(super) struct HttpConnection {
    sender: http1::SendRequest<Full<Bytes>>,
    driver: Driver,
}

#[derive(Debug)]
struct Driver {
    work: Pin<Box<http1::Connection<TokioIo<TcpStream>, Full<Bytes>>>>,
    over: bool,
}

/// Result of an exchange.
pub(super) enum Exchange {
    /// The request was sent, with this response.
    Done(Response),
    /// The other side had closed the connection before anything was sent: the request can be sent on another.
    NotSent(Box<HttpRequest>),
}

impl HttpConnection {
    /// Connects to an address.
    ///
    /// # Errors
    /// The error of the system, or a timeout.
    pub(super) async fn open(address: SocketAddr) -> Result<Self, String> {
        let failed = |error: &dyn std::fmt::Display| format!("can't connect to {address}: {error}");
        let stream = tokio::time::timeout(CONNECT, TcpStream::connect(address)).await;
        let stream = stream.map_err(|_| failed(&format!("no answer within {CONNECT:?}")))?;
        let stream = stream.map_err(|error| failed(&error))?;
        // Otherwise Nagle's algorithm would hold back a small request, and its delay would count as latency.
        stream.set_nodelay(true).map_err(|error| failed(&error))?;
        let (sender, driver) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| failed(&error))?;
        Ok(Self { sender, driver: Driver { work: Box::pin(driver), over: false } })
    }

    /// Returns true if nothing can be sent any more.
    pub(super) fn is_over(&self) -> bool {
        self.driver.over || self.sender.is_closed()
    }

    /// Waits until the other side closes the connection.
    pub(super) async fn closed(&mut self) {
        let driver = &mut self.driver;
        std::future::poll_fn(|context| driver.poll(context)).await;
    }

    /// Sends a request and reads its answer, on a path that declares `expected`. Cancelled, it leaves a connection that
    /// must be dropped: a late answer would be taken for that of the next request.
    pub(super) async fn exchange(&mut self, request: HttpRequest, expected: &AnswerSpec) -> Exchange {
        // Both are polled here, since hyper's connection does nothing unless somebody polls it.
        let Self { sender, driver } = self;
        let mut work = pin!(exchange(sender, request, expected));
        std::future::poll_fn(|context| {
            // First the work, which hands the request over; then the driver, which sends it.
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready(done);
            }
            let _ = driver.poll(context);
            // Once more: the driver may just have brought the answer, and a wake-up for it would cost a
            // turn of the scheduler.
            work.as_mut().poll(context)
        })
        .await
    }
}

impl Driver {
    /// Drives the connection; ready when it is over.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        // A future that is ready must not be polled again, and both an exchange and the wait for an
        // idle connection poll it.
        if !self.over {
            self.over = self.work.as_mut().poll(context).is_ready();
        }
        if self.over { Poll::Ready(()) } else { Poll::Pending }
    }
}

async fn exchange(
    sender: &mut http1::SendRequest<Full<Bytes>>,
    request: HttpRequest,
    expected: &AnswerSpec,
) -> Exchange {
    // After an answer the connection needs a moment until it takes the next request.
    if sender.ready().await.is_err() {
        return Exchange::NotSent(Box::new(request));
    }
    let answer = match sender.try_send_request(request).await {
        Ok(answer) => answer,
        Err(mut error) => {
            // Hyper returns the request only if no byte of it was written, so sending it on another
            // connection repeats nothing.
            return match error.take_message() {
                Some(request) => Exchange::NotSent(Box::new(request)),
                None => Exchange::Done(response::none(&error.into_error())),
            };
        }
    };
    let status = answer.status().as_u16();
    // Limited, since the system under test decides the length of its answers.
    Exchange::Done(match Limited::new(answer.into_body(), LONGEST_ANSWER).collect().await {
        Ok(body) => response::whole(expected, status, &body.to_bytes()),
        Err(error) => response::broken(status, &error),
    })
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::history::Outcome;

    /// Queries a server that answers the first request with these bytes and closes the connection.
    async fn exchanged(answer: &'static str, expected: &AnswerSpec) -> Response {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            assert!(stream.read(&mut request).await.unwrap() > 0);
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        let mut connection = HttpConnection::open(address).await.unwrap();
        let request = Request::builder().uri("/").body(Full::default()).unwrap();
        let exchange = connection.exchange(request, expected).await;
        server.await.unwrap();
        match exchange {
            Exchange::Done(response) => response,
            Exchange::NotSent(_) => panic!("not sent"),
        }
    }

    #[tokio::test]
    async fn only_the_answer_that_a_path_declares_acknowledges() {
        let (envelope, any) = (AnswerSpec::default(), AnswerSpec::any());
        let page =
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 13\r\n\r\n<html></html>";
        let without_type =
            "HTTP/1.1 200 OK\r\ncontent-length: 34\r\n\r\n{\"error\":false,\"message\":\"stored\"}";
        let until_closed = "HTTP/1.1 200 OK\r\n\r\n{\"error\":false,\"message\":\"stored\"";
        for (answer, expected, outcome, undeclared) in [
            (page, &envelope, Outcome::Info, true),
            (page, &any, Outcome::Ok, false),
            (without_type, &envelope, Outcome::Ok, false),
            (until_closed, &envelope, Outcome::Info, true),
            ("HTTP/1.1 204 No Content\r\n\r\n", &envelope, Outcome::Info, true),
            ("HTTP/1.1 204 No Content\r\n\r\n", &any, Outcome::Ok, false),
            ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", &envelope, Outcome::Info, true),
            // What broke off may have been right.
            (
                "HTTP/1.1 200 OK\r\ncontent-length: 40\r\n\r\n{\"error\":false,",
                &envelope,
                Outcome::Info,
                false,
            ),
            ("HTTP/1.1 200 OK\r\ncontent-length: 40\r\n\r\nhi", &any, Outcome::Info, false),
        ] {
            let response = exchanged(answer, expected).await;
            assert_eq!(
                (response.outcome, response.undeclared),
                (outcome, undeclared),
                "{answer}: {response:?}"
            );
        }
    }
}

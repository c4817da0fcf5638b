//! A refusal that comes before the whole request was read must still arrive.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Error;
use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use axum::extract::Request;
use futures::{Stream, StreamExt};
use http::header::EXPECT;
use tower::{Layer, Service};

/// The most that is thrown away of one body, in bytes.
const MOST: usize = 64 * 1024 * 1024;

/// The longest that it may take.
const LONGEST: Duration = Duration::from_secs(2);

/// A body that a handler may leave unread.
struct UnreadBody {
    body: Option<BodyDataStream>,
    /// True once the client sends: one that waits to be told to go on must not be made to.
    sends: bool,
}

/// Layer that goes on reading what a handler leaves.
#[derive(Debug, Clone, Copy)]
pub struct DrainBody;

/// Service whose requests are read to their end.
#[derive(Debug, Clone)]
pub struct DrainedService<S>(S);

impl<S> Layer<S> for DrainBody {
    type Service = DrainedService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        DrainedService(inner)
    }
}

impl<S: Service<Request>> Service<Request> for DrainedService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> S::Future {
        let (head, body) = request.into_parts();
        if body.is_end_stream() {
            return self.0.call(Request::from_parts(head, body));
        }
        // A client with `Expect: 100-continue` sends its body when it is asked, as hyper does at the first poll.
        let sends = !head.headers.contains_key(EXPECT);
        let unread = UnreadBody { body: Some(body.into_data_stream()), sends };
        self.0.call(Request::from_parts(head, Body::from_stream(unread)))
    }
}

impl Stream for UnreadBody {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // Once polled, the body is asked for: from here on the client sends.
        self.sends = true;
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let polled = body.poll_next_unpin(cx);
        if !matches!(polled, Poll::Pending | Poll::Ready(Some(Ok(_)))) {
            // It ended or broke, so the drop has nothing to read.
            self.body = None;
        }
        polled
    }
}

// Were the connection closed on a client that is still sending, it would be reset, and the client could lose the
// answer that tells it why. So the answer goes out at once, and what is left of the body is read and thrown away, for
// a bounded time and up to a bounded size.
impl Drop for UnreadBody {
    fn drop(&mut self) {
        let Some(rest) = self.body.take().filter(|_| self.sends) else { return };
        // Outside of a runtime there is no connection either.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            // In a task of its own: a drop can't wait, and the answer must not.
            runtime.spawn(tokio::time::timeout(LONGEST, discard(rest)));
        }
    }
}

async fn discard(mut rest: BodyDataStream) {
    let mut discarded = 0;
    while let Some(Ok(bytes)) = rest.next().await {
        discarded += bytes.len();
        if discarded > MOST {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    /// Parts that are left of a body's ten when its handler is done with it.
    async fn left(sends: bool, read: usize) -> usize {
        let (parts, mut source) = mpsc::channel::<Bytes>(10);
        for _ in 0..10 {
            parts.try_send(Bytes::from_static(b"x")).unwrap();
        }
        drop(parts);
        let (taken, mut seen) = mpsc::unbounded_channel();
        let stream = futures::stream::poll_fn(move |cx| {
            let part = source.poll_recv(cx);
            if let Poll::Ready(Some(_)) = part {
                taken.send(()).unwrap();
            }
            part.map(|part| part.map(Ok::<_, Error>))
        });
        let mut unread = UnreadBody { body: Some(Body::from_stream(stream).into_data_stream()), sends };
        for _ in 0..read {
            unread.next().await;
        }
        drop(unread);
        let mut left = 10;
        while seen.recv().await.is_some() {
            left -= 1;
        }
        left
    }

    #[tokio::test]
    async fn what_a_handler_leaves_is_read() {
        assert_eq!(left(true, 0).await, 0);
        assert_eq!(left(true, 3).await, 0);
        assert_eq!(left(true, 11).await, 0);
    }

    #[tokio::test]
    async fn a_client_that_waits_is_left_alone_until_it_was_told_to_go_on() {
        assert_eq!(left(false, 0).await, 10);
        assert_eq!(left(false, 1).await, 0);
    }
}

//! Deadline of a request: read from its `Request-Timeout` header, or a default, and passed on to
//! every hop.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use futures::future::Either;
use http::HeaderMap;
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};
use tower::{Layer, Service};
use wire::headers::REQUEST_TIMEOUT;

use crate::duration::{self, BadDuration};
use crate::problem::Problem;

/// The longest time that a caller may ask for.
// A bound is needed, since a request may hold a place in a queue for all of its time.
pub const LONGEST: Duration = Duration::from_secs(300);

/// The moment by which a request must have been answered. In the extensions of every request that went
/// through [`DeadlineLayer`].
// A moment and not a duration: the time that passes between two readers of it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

/// The deadline passed; whether the work had an effect is for its caller to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the deadline of the request has passed")]
pub struct Passed;

/// A `Request-Timeout` that is no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("header Request-Timeout: expected seconds, more than 0 and at most 300, like \"2.5\"; found \"{0}\"")]
pub struct BadTimeout(String);

impl Deadline {
    /// `time` from now.
    #[must_use]
    pub fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// Reads the header; `default` from now where there is none.
    ///
    /// # Errors
    /// [`BadTimeout`] for anything but a decimal number of seconds above 0 and up to [`LONGEST`].
    pub fn from_headers(headers: &HeaderMap, default: Duration) -> Result<Self, BadTimeout> {
        match headers.get(REQUEST_TIMEOUT) {
            None => Ok(Self::after(default)),
            Some(value) => parse(value.as_bytes()).map(Self::after),
        }
    }

    /// The time that is left; zero once it has passed.
    #[must_use]
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Reports whether no time is left.
    #[must_use]
    pub fn has_passed(self) -> bool {
        self.remaining().is_zero()
    }

    /// The moment itself.
    #[must_use]
    pub fn instant(self) -> Instant {
        self.0
    }

    /// A deadline that leaves `margin` for the way back.
    #[must_use]
    pub fn earlier(self, margin: Duration) -> Self {
        Self(self.0.checked_sub(margin).unwrap_or(self.0))
    }

    /// The earlier of this deadline and `time` from now.
    #[must_use]
    pub fn at_most(self, time: Duration) -> Self {
        self.min(Self::after(time))
    }

    /// The value of `Request-Timeout` for the next hop: seconds with milliseconds.
    #[must_use]
    pub fn header_value(self) -> String {
        // Never 0: the next hop would refuse that as malformed, and the caller would hear of a mistake that it did
        // not make.
        // On the wire it is a duration and not a moment, since the clocks of two machines differ.
        format!("{:.3}", self.remaining().as_secs_f64().max(0.001))
    }

    /// Runs `work` until the deadline.
    ///
    /// # Errors
    /// [`Passed`] when the work was not done by then; it is dropped.
    pub async fn bound<F: Future>(self, work: F) -> Result<F::Output, Passed> {
        tokio::time::timeout_at(self.0, work).await.map_err(|_| Passed)
    }
}

/// Reads the time for requests that bring none; for `#[arg(value_parser = chassis::deadline::setting)]`.
///
/// # Errors
/// [`BadDuration`] for a time that no caller may ask for: the next hop would refuse it.
pub fn setting(text: &str) -> Result<Duration, BadDuration> {
    duration::at_most(text, LONGEST)
}

fn parse(value: &[u8]) -> Result<Duration, BadTimeout> {
    let text = String::from_utf8_lossy(value);
    let bad = || BadTimeout(text.chars().take(40).collect());
    // Only plain decimals: `f64` would also read "inf", "nan" and "1e9".
    let plain = text.len() <= 16 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if !plain {
        return Err(bad());
    }
    // This refuses what the test above lets through: an empty text, a lone dot, two dots.
    let seconds: f64 = text.parse().map_err(|_| bad())?;
    let time = Duration::try_from_secs_f64(seconds).map_err(|_| bad())?;
    if time.is_zero() || time > LONGEST {
        return Err(bad());
    }
    Ok(time)
}

/// Layer that puts the [`Deadline`] of a request in its extensions, refuses a malformed one with 400, and answers 504
/// if the handler has not answered by then. It holds the time for requests that bring none.
#[derive(Debug, Clone, Copy)]
pub struct DeadlineLayer(pub(crate) Duration);

/// Service whose requests have a deadline.
#[derive(Debug, Clone)]
pub struct DeadlineService<S> {
    inner: S,
    default: Duration,
}

impl<S> Layer<S> for DeadlineLayer {
    type Service = DeadlineService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        DeadlineService { inner, default: self.0 }
    }
}

impl<S> Service<Request> for DeadlineService<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, DeadlineFuture<S::Future>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let deadline = match Deadline::from_headers(request.headers(), self.default) {
            Ok(deadline) => deadline,
            Err(bad) => {
                return Either::Left(ready(Ok(Problem::bad_request(bad.to_string()).into_response())));
            }
        };
        request.extensions_mut().insert(deadline);
        // The last resort: handlers give up a little earlier, and say what they know. This drops a handler wherever it
        // is, so nothing is known of an effect.
        let work = self.inner.call(request);
        Either::Right(DeadlineFuture { work, until: deadline.0, timer: None })
    }
}

pin_project! {
    /// Work on a request until its deadline.
    pub struct DeadlineFuture<F> {
        #[pin]
        work: F,
        until: Instant,
        // Made when the work has to wait, which much of it never does.
        #[pin]
        timer: Option<Sleep>,
    }
}

impl<F: Future<Output = Result<Response, Infallible>>> Future for DeadlineFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Poll::Ready(result) = this.work.poll(context) {
            return Poll::Ready(result);
        }
        if this.timer.is_none() {
            this.timer.set(Some(sleep_until(*this.until)));
        }
        this.timer.as_pin_mut().map_or(Poll::Pending, |timer| timer.poll(context)).map(|()| {
            let text = "the deadline of the request has passed; whether it had an effect is unknown";
            Ok(Problem::unknown(text).into_response())
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_seconds_are_read() {
        assert_eq!(parse(b"2.5"), Ok(Duration::from_millis(2500)));
        assert_eq!(parse(b"300"), Ok(LONGEST));
    }

    #[test]
    fn the_next_hop_takes_whatever_time_is_set() {
        let longest = setting("5m").unwrap();
        assert_eq!(
            parse(Deadline::after(longest).header_value().as_bytes()).map(|time| time <= LONGEST),
            Ok(true)
        );
        assert!(setting("301s").is_err());
    }

    #[test]
    fn absurd_ones_are_refused_with_what_would_be_right() {
        for text in ["", "0", "-1", "1e3", "inf", "NaN", "301", "5s", "0.0000000000000001", "..", "\u{ff}"] {
            let error = parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains("more than 0 and at most 300"), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_read_or_refused(value in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(time) = parse(&value) {
                prop_assert!(time > Duration::ZERO && time <= LONGEST);
            }
        }
    }
}

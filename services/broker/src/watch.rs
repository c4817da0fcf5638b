//! Watchers of the dependencies: `/readyz` turns ready only when every path of the
//! broker has recovered, and a breaker is closed without a request having to be the one that finds out.

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use chassis::CancellationToken;
use chassis::attempts::Attempts;
use chassis::breaker::Breaker;
use chassis::deadline::Deadline;
use chassis::health::Dependency;
use chassis::link::{Keeper, until_lost};
use http::StatusCode;
use wire::envelope::Envelope;

use crate::http_hop::{HopAnswer, HttpHop};
use crate::outcome::Failure;

/// Time for one look while it is there; a slow link must not be taken for a lost one.
const LOOK: Duration = Duration::from_secs(3);

/// Looks while it is away.
const ATTEMPTS: Attempts = Attempts::each(Duration::from_secs(10));

/// Watches one dependency until dropped: with `seek` while it is away, with `look` while it is there.
pub(crate) async fn watch<S, L, E>(
    dependency: Dependency,
    breakers: Vec<Breaker>,
    seek: impl Fn() -> S,
    look: impl Fn() -> L,
) where
    S: Future<Output = Result<(), E>> + Send + 'static,
    L: Future<Output = Result<(), E>>,
    E: Display + Send + 'static,
{
    // The token is never cancelled: the watch ends when its task is aborted.
    let keeper = Keeper { attempts: ATTEMPTS, dependency: &dependency, end: CancellationToken::new() };
    let session = |(): ()| {
        breakers.iter().for_each(Breaker::close);
        dependency.ready();
        until_lost(&breakers, LOOK, &look)
    };
    keeper.run(&seek, |_| {}, session).await;
}

/// Asks a service's own `/readyz`. One that has no such route is alive, and can't tell more.
pub(crate) async fn readyz(hop: HttpHop) -> Result<(), Failure> {
    let answer = hop.look("/readyz", Deadline::after(ATTEMPTS.each)).await?;
    match answer.status {
        // An answer all the same: it is alive, and another implementation need not have the route.
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Ok(()),
        status if status.is_success() => Ok(()),
        status => Err(Failure::refused(message(&answer).unwrap_or_else(|| status.to_string()))),
    }
}

fn message(answer: &HopAnswer) -> Option<String> {
    let envelope: Envelope<serde::de::IgnoredAny> = serde_json::from_slice(&answer.body).ok()?;
    Some(envelope.message)
}

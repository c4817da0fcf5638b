//! HTTP in, HTTP out.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::routing::post;
use axum::{Extension, Json, Router};
use chassis::body::Body;
use chassis::deadline::Deadline;
use chassis::health::Readiness;
use chassis::metrics::Metrics;
use chassis::problem::Problem;
use chassis::request_span::RequestSpan;
use chassis::router::Limits;
use wire::envelope::Envelope;
use wire::user::{Credentials, User};

use crate::login::Login;

/// The largest body: twice what the longest credentials take when every character is escaped.
const BODY_LIMIT: usize = 16 * 1024;

/// Part of the deadline that is kept for the way back, so that a refusal arrives before the caller gives up.
const WAY_BACK: Duration = Duration::from_millis(20);

/// Every route of the service.
pub(crate) fn router(
    login: Arc<Login>,
    request_timeout: Duration,
    readiness: Readiness,
    metrics: &Metrics,
) -> Router {
    let routes =
        Router::new().route("/authentication", post(authenticate)).with_state(login).layer(RequestSpan);
    let limits = Limits { request_timeout, body: BODY_LIMIT };
    chassis::router::finish(routes, limits, readiness, metrics)
}

async fn authenticate(
    State(login): State<Arc<Login>>,
    Extension(deadline): Extension<Deadline>,
    Body(credentials): Body<Credentials>,
) -> Result<Json<Envelope<User>>, Problem> {
    // A tenth at most: a short deadline has little to give.
    let margin = WAY_BACK.min(deadline.remaining() / 10);
    let user = login.decide(credentials, deadline.earlier(margin)).await?;
    Ok(Json(Envelope::of(format!("logged in as {}", user.email), user)))
}

//! The HTTP door: `POST /log`, and what every service has.

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
use tracing::Instrument;
use wire::entry::{LogBody, MAX_JSON, StoredEntry, Via};
use wire::envelope::Envelope;

use crate::draft::Draft;
use crate::intake::Intake;
use crate::outcome::{Outcome, conflict_message};

/// The time to leave for the answer itself.
const MARGIN: Duration = Duration::from_millis(5);

/// The wait that a refused caller is told.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Routes of the logger.
pub(crate) fn router(
    intake: Intake,
    request_timeout: Duration,
    readiness: Readiness,
    metrics: &Metrics,
) -> Router {
    let routes = Router::new().route("/log", post(log)).layer(RequestSpan).with_state(intake);
    let limits = Limits { request_timeout, body: MAX_JSON };
    chassis::router::finish(routes, limits, readiness, metrics)
}

async fn log(
    State(intake): State<Intake>,
    Extension(deadline): Extension<Deadline>,
    Body(body): Body<LogBody>,
) -> Result<Json<Envelope<StoredEntry>>, Problem> {
    let id = body.id.map(String::from).unwrap_or_default();
    // The body names no path: what comes here came by JSON.
    let draft = Draft::new(id, body.name, body.data, "", Via::Json)
        .map_err(|invalid| Problem::bad_request(invalid.to_string()))?;
    let span = tracing::debug_span!("log", entry = draft.id);
    // Earlier than the deadline of the layer, whose answer could not say what became of the entry.
    let outcome = intake.submit(&draft, deadline.earlier(MARGIN)).instrument(span).await;
    let Draft { id, name, data, via } = draft;
    match outcome {
        Outcome::Stored(created_at) => {
            let (created_at, via) = (created_at.rfc3339(), Some(via.as_str().to_owned()));
            Ok(Json(Envelope::of("stored", StoredEntry { id, name, data, created_at, via })))
        }
        Outcome::Conflict => Err(Problem::new(axum::http::StatusCode::CONFLICT, conflict_message(&id))),
        Outcome::Refused(refusal) => Err(Problem::unavailable(refusal.to_string(), RETRY_AFTER)),
        Outcome::Unknown(message) => Err(Problem::unknown(message)),
    }
}

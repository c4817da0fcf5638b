//! `POST /authentication`: who logs in?

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use chassis::body::Body;
use chassis::deadline::Deadline;
use chassis::problem::Problem;
use wire::envelope::Envelope;
use wire::trace::TraceContext;
use wire::user::{Credentials, User};

use super::Dependencies;

/// Answers with the user, or with the refusal of the authentication service.
pub(super) async fn authenticate(
    State(dependencies): State<Arc<Dependencies>>,
    Extension(deadline): Extension<Deadline>,
    Extension(trace): Extension<TraceContext>,
    Body(credentials): Body<Credentials>,
) -> Result<Json<Envelope<User>>, Problem> {
    credentials.check().map_err(|invalid| Problem::bad_request(invalid.to_string()))?;
    let (message, user) = dependencies.authentication.ask(&credentials, deadline, trace).await?;
    Ok(Json(Envelope::of(message, user)))
}

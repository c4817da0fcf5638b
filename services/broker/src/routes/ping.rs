//! `POST /`: a greeting, which shows that the broker works.

use axum::Json;
use chassis::body::MaybeBody;
use serde::de::IgnoredAny;
use wire::envelope::Envelope;

/// Answers any JSON, or nothing at all.
pub(super) async fn ping(MaybeBody(_): MaybeBody<IgnoredAny>) -> Json<Envelope<()>> {
    Json(Envelope::done("the broker works"))
}

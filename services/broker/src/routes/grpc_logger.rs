//! `POST /grpc-logger`: stores an entry by gRPC.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use chassis::body::Body;
use chassis::deadline::Deadline;
use chassis::problem::Problem;
use http::HeaderMap;
use wire::entry::{NewEntry, StoredEntry};
use wire::envelope::Envelope;
use wire::trace::TraceContext;

use super::{Dependencies, check};
use crate::ids;

/// Answers once the entry is stored.
pub(super) async fn log(
    State(dependencies): State<Arc<Dependencies>>,
    Extension(deadline): Extension<Deadline>,
    Extension(trace): Extension<TraceContext>,
    headers: HeaderMap,
    Body(entry): Body<NewEntry>,
) -> Result<Json<Envelope<StoredEntry>>, Problem> {
    let id = ids::of(&headers)?;
    check(&entry.name, &entry.data)?;
    let stored = dependencies.grpc_logger.store(id, entry, deadline, trace).await?;
    Ok(Json(Envelope::of("stored, by gRPC", stored)))
}

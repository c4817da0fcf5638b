//! `POST /rabbitmq-logger`: hands an entry to RabbitMQ, from where the listener brings it to the store.

use std::sync::Arc;

use axum::extract::State;
use axum::{Extension, Json};
use chassis::body::Body;
use chassis::deadline::Deadline;
use chassis::problem::Problem;
use http::{HeaderMap, StatusCode};
use wire::entry::{AcceptedEntry, NewEvent};
use wire::envelope::Envelope;
use wire::trace::TraceContext;

use super::{Dependencies, check};
use crate::amqp::Publication;
use crate::ids;

/// Answers once RabbitMQ has confirmed the message.
pub(super) async fn log(
    State(dependencies): State<Arc<Dependencies>>,
    Extension(deadline): Extension<Deadline>,
    Extension(trace): Extension<TraceContext>,
    headers: HeaderMap,
    Body(event): Body<NewEvent>,
) -> Result<(StatusCode, Json<Envelope<AcceptedEntry>>), Problem> {
    let id = ids::of(&headers)?;
    check(&event.name, &event.data)?;
    let publication = Publication::new(&id, &event, trace);
    dependencies.publisher.publish(publication, deadline).await?;
    let accepted = AcceptedEntry { id: id.into(), name: event.name, data: event.data };
    Ok((StatusCode::ACCEPTED, Json(Envelope::of("confirmed by RabbitMQ; it will be stored", accepted))))
}

//! Outcomes as gRPC statuses. What surely was not stored, and what may be, is marked as such, since a client
//! library makes the same codes by itself when a connection breaks.

use tonic::metadata::MetadataValue;
use tonic::{Code, Status};
use wire::headers::{OUTCOME, REFUSED, UNKNOWN};

use crate::moment::Moment;
use crate::outcome::{Outcome, StoreRefusal, conflict_message};
use crate::store::ReadFailure;

/// The moment of a stored entry, or the status of anything else.
pub(super) fn stored(outcome: Outcome, id: &str) -> Result<Moment, Status> {
    match outcome {
        Outcome::Stored(created_at) => Ok(created_at),
        // No mark is needed: client libraries never make this code by themselves.
        Outcome::Conflict => Err(Status::already_exists(conflict_message(id))),
        Outcome::Refused(refusal) => {
            let code = match refusal {
                StoreRefusal::QueueFull => Code::ResourceExhausted,
                _ => Code::Unavailable,
            };
            Err(marked(Status::new(code, refusal.to_string()), REFUSED))
        }
        Outcome::Unknown(message) => Err(marked(Status::deadline_exceeded(message), UNKNOWN)),
    }
}

fn marked(mut status: Status, outcome: &'static str) -> Status {
    status.metadata_mut().insert(OUTCOME, MetadataValue::from_static(outcome));
    status
}

pub(super) fn unread(failure: ReadFailure) -> Status {
    // No mark either: reading has no effect that could be in doubt.
    match failure {
        ReadFailure::NoSuchId(_) => Status::invalid_argument(failure.to_string()),
        ReadFailure::Store(_) => Status::unavailable(failure.to_string()),
    }
}

pub(super) fn shut(shut: chassis::admission::Overload) -> Status {
    Status::resource_exhausted(shut.to_string())
}

pub(super) fn too_slow() -> Status {
    Status::deadline_exceeded("the deadline passed before the store had answered; nothing was changed")
}

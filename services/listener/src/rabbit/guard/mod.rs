//! What comes from RabbitMQ is made readable before the client library reads it.

mod frames;
mod runtime;
mod stream;

pub(crate) use frames::UNREADABLE;
pub(super) use runtime::guarded;

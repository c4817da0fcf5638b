//! Guard that makes frames of RabbitMQ readable before the client library reads them.

mod frames;
mod runtime;
mod stream;

pub(super) use runtime::guarded;

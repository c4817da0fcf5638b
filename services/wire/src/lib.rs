//! Formats that travel between the services and their clients: JSON bodies, the AMQP event, headers, ids and the
//! generated gRPC code. No I/O and no policy; decoding here never panics and never accepts what could not
//! be stored afterwards.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`envelope`] | the JSON shape of every answer |
//! | [`entry`] | log entries as requested and as stored, with their limits |
//! | [`event`] | the message that goes through RabbitMQ |
//! | [`checksum`] | the checksum that it carries |
//! | [`id`] | the id of an entry |
//! | [`json`] | objects and nothing but objects |
//! | [`headers`] | names of headers and of gRPC metadata |
//! | [`trace`] | W3C trace context |
//! | [`user`] | credentials, and the user that an answer tells |
//! | [`grpc`] | `logger.LoggerService`, generated from proto/logs/v1/logs.proto |

pub mod checksum;
pub mod entry;
pub mod envelope;
pub mod event;
pub mod headers;
pub mod id;
pub mod json;
pub mod trace;
pub mod user;

/// gRPC service `logger.LoggerService`, generated from proto/logs/v1/logs.proto; tests/generated.rs keeps the two together.
// Checked in, not made by a build script: the compiler for proto files would bring 19 crates to every build.
#[rustfmt::skip]
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::too_many_lines)]
pub mod grpc {
    include!("generated/logger.rs");

    /// Encoded descriptor set of the service, for gRPC reflection.
    pub const DESCRIPTORS: &[u8] = include_bytes!("generated/logs.bin");
}

//! Names of the headers, gRPC metadata and AMQP headers that the services know.

// All in lower case: HTTP/2 sends no other names, and `HeaderName::from_static` panics at others.

/// The client's id for an entry; a repeat with the same key stores nothing twice.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Seconds (decimal) that the caller is willing to wait for the whole request.
pub const REQUEST_TIMEOUT: &str = "request-timeout";

/// W3C trace context: <https://www.w3.org/TR/trace-context/>.
pub const TRACEPARENT: &str = "traceparent";

/// gRPC metadata on an error of the logger that tells whether the entry may have been stored.
///
/// A client library answers UNAVAILABLE by itself when a connection breaks, whatever had been sent; only an
/// error that carries this with [`REFUSED`] is the logger's own word that nothing was stored.
pub const OUTCOME: &str = "x-outcome";

/// Value of [`OUTCOME`]: surely not stored.
pub const REFUSED: &str = "refused";

/// Value of [`OUTCOME`]: may or may not be stored.
pub const UNKNOWN: &str = "unknown";

/// AMQP header with the [`crate::checksum`] of a message. Without it a message is taken as it is.
pub const CHECKSUM: &str = "x-faultline-crc32";

/// AMQP header on a dead letter: why it could not be read.
pub const DEAD_REASON: &str = "x-faultline-reason";

//! Load in the open model: arrivals follow the schedule whatever the system does, and latency counts from
//! the due time. Knows no faults.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`payload`] | the data of an entry, and its hash |
//! | [`template`] | the HTTP request of an operation, from the topology |
//! | [`classify`] | answer or error to `ok`, `fail`, `info` |
//! | [`response`] | the response to a request, or the error in its place |
//! | `connection` | one HTTP connection that is kept |
//! | `context` | schedule, targets and recorder, which all threads share |
//! | `pool` | the connections to one address |
//! | `clock` | waits until a moment, to a few microseconds |
//! | [`engine`] | sends each operation at its due time |
//! | [`recording`] | operations, and the recorder of their outcomes |

pub mod classify;
mod clock;
mod connection;
mod context;
pub mod engine;
pub mod payload;
mod pool;
pub mod recording;
pub mod response;
pub mod template;

pub use clock::now;
pub use context::{LoadError, PathTarget};
pub use engine::LoadEngine;
pub use recording::{LoadOperation, OperationRecorder};
pub use response::Response;
pub use template::Template;

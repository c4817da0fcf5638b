//! Load in the open model: arrivals follow the schedule whatever the system does, and latency counts from
//! the due time. Knows no faults.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`payload`] | the data of an entry, and its hash |
//! | [`template`] | the HTTP request of an operation, from the topology |
//! | [`classify`] | answer or error to `ok`, `fail`, `info` |
//! | [`answer`] | what came of a request |
//! | `connection` | one HTTP connection that is kept |
//! | `crew` | the connections to one address |
//! | `clock` | waits until a moment, to a few microseconds |
//! | [`engine`] | sends each operation at its due time |
//! | [`sink`] | who is told what becomes of operations |

pub mod answer;
pub mod classify;
mod clock;
mod connection;
mod crew;
pub mod engine;
pub mod payload;
pub mod sink;
pub mod template;

pub use answer::Sent;
pub use engine::{Engine, LoadError, Target};
pub use sink::{Operation, Sink};
pub use template::Template;

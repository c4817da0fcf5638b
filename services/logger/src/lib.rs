//! The logger: stores log entries in MongoDB and answers only once the store has confirmed them.
//!
//! An entry comes in by gRPC or HTTP, waits in one bounded queue, and is written with all the others that
//! arrived while the previous commit was in flight. Its id is the key in the store, so that a repeat, a
//! redelivery or a retry after a broken connection stores nothing twice.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`settings`] | flags and environment |
//! | [`application`] | puts the parts together, runs and drains them |
//! | `grpc`, `http` | the two doors |
//! | `draft` | an entry as asked for, checked |
//! | `intake` | from a checked entry to its outcome |
//! | `pending` | an entry that waits, and the end that its caller holds |
//! | `queue`, `batch` | what waits, and what is written together |
//! | `committer` | writes batches, retries what is unknown |
//! | `comparer` | compares repeats with what is stored |
//! | `store` | the connection to MongoDB: its watch, inserts, reads |
//! | `recent` | ids stored lately |
//! | `outcome` | what became of an entry |

pub mod application;
mod batch;
mod committer;
mod comparer;
mod draft;
mod fingerprint;
mod grpc;
mod http;
mod intake;
mod metrics;
mod moment;
mod outcome;
mod pending;
#[cfg(feature = "planted-bugs")]
pub mod planted;
mod queue;
mod recent;
pub mod settings;
mod store;

pub use application::{Application, BuildError};
pub use settings::Settings;

//! The listener: takes log messages from RabbitMQ and brings them to the logger; a message is acknowledged
//! only once its entry is stored.
//!
//! What has arrived is packed into one call, without waiting for more. What the logger refuses stays
//! unacknowledged and is brought again; its id keeps it from being stored twice. What can never be stored
//! goes to the dead letters with the reason.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`settings`] | flags and environment |
//! | [`application`] | puts the parts together, runs and drains them |
//! | `rabbit` | the connection to RabbitMQ: its frames made readable, what is declared, the consumer, dead letters |
//! | `session` | the work on one connection, until it is lost |
//! | `message`, `identity` | a message read, and the id of its entry |
//! | `damaged` | messages that came damaged, remembered |
//! | `buffer` | messages that wait for a call |
//! | `ledger` | which deliveries may be acknowledged |
//! | `logger` | calls to the logger |

pub mod application;
mod buffer;
mod damaged;
mod identity;
mod ledger;
mod logger;
mod message;
mod metrics;
#[cfg(feature = "planted-bugs")]
pub mod planted;
mod rabbit;
mod session;
pub mod settings;

pub use application::{Application, BuildError};
pub use settings::Settings;

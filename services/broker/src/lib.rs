//! The broker: the one door of the system. HTTP with JSON in front; JSON over HTTP, gRPC and AMQP behind.
//!
//! Its promise is that every answer is true: 2xx only for what was stored (or, by AMQP, confirmed), 503 only
//! for what surely was not, 504 where nobody knows.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`application`] | the service, built and run |
//! | [`settings`] | what can be set, by flags and environment |
//! | `routes` | one module for each route |
//! | `outcome` | what is known of a hop that did not succeed, and the status that says so |
//! | `ids` | the id of an entry, from its header or new |
//! | `hop_deadline` | how much of a deadline is kept for the way back |
//! | `http_hop` | JSON over HTTP to a dependency, on connections that are kept |
//! | `authentication` | who logs in |
//! | `json_logger` | the logger by JSON over HTTP |
//! | `grpc_logger` | the logger by gRPC |
//! | `amqp` | RabbitMQ: publishing with confirms |
//! | `watch` | whether each dependency is there, and when it is back |

mod amqp;
pub mod application;
mod authentication;
mod cors;
mod grpc_logger;
mod hop_deadline;
mod http_hop;
mod ids;
mod json_logger;
mod outcome;
#[cfg(feature = "planted-bugs")]
pub mod planted;
mod routes;
pub mod settings;
mod watch;

pub use application::{Application, BuildError};
pub use settings::Settings;

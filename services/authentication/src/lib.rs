//! The authentication service: who is it that logs in?
//!
//! `POST /authentication` with an address and a password; the answer is the user, or the same refusal in the
//! same time whether the user is unknown or the password wrong.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`application`] | the service, built and run |
//! | [`settings`] | what can be set, by flags and environment |
//! | `routes` | HTTP in, HTTP out |
//! | `login` | the decision, from credentials to user or refusal |
//! | `throttle` | repeated failures of one account |
//! | `checkers` | bcrypt, with bounded concurrency and a bounded queue |
//! | `users` | the table |
//! | `connections` | the way to PostgreSQL: few, long-lived, none that hangs is used twice |
//! | `watch` | migrations, and whether PostgreSQL is there |

pub mod application;
mod checkers;
mod connections;
mod login;
mod routes;
pub mod settings;
mod throttle;
mod users;
mod watch;

pub use application::{Application, BuildError};
pub use settings::Settings;

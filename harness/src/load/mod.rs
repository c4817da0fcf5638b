//! Load in the open model: arrivals follow the schedule whatever the system does, and latency counts from
//! the due time. Knows no faults.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`payload`] | the data of an entry, and its hash |
//! | [`template`] | the HTTP request of an operation, from the topology |
//! | [`client`] | sends requests on pooled connections |
//! | [`classify`] | answer or error to `ok`, `fail`, `info` |
//! | [`generator`] | sends each operation at its due time |

pub mod classify;
pub mod client;
pub mod generator;
pub mod payload;
pub mod template;

pub use client::Client;
pub use generator::{Generator, LoadError};
pub use template::Template;

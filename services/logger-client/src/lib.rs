//! A client of the logger's gRPC: the broker and the listener store and read by it.
//!
//! | module | what it holds |
//! | --- | --- |
//! | `endpoint` | the logger's address |
//! | `client` | one connection: storing alone and together, reading, signs of life |
//! | `report` | what a call came to: stored, refused, or unknown |
//!
//! A logger of ours takes many entries in one call. One of another implementation knows single entries only: then each
//! goes in a call of its own.

mod client;
mod endpoint;
mod report;

pub use client::{Call, Client, NotServing};
pub use endpoint::{BadEndpoint, endpoint};
pub use report::{NotRead, NotStored, PageReport, Report, Stored, too_late};

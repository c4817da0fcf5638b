//! What the benches share: the real system, clients of each way into it, loops that keep a number of calls under
//! way, and what is measured with them.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`system`] | the four services and their servers, started once for a whole bench |
//! | [`closed`] | so many calls under way at any moment, and how long each takes |
//! | [`http`], [`grpc`], [`amqp`] | who calls: one connection or channel each |
//! | [`stored`] | tells when an entry that was published is in the store |
//! | [`figures`] | what was measured, by name, with the machine that it was measured on |
//! | [`criterion_output`] | reads what criterion has written |
//! | [`ratios`] | figures of one run set against each other, and against a baseline |
//! | [`targets`] | what is to be reached, and whether it is |
//! | [`comparison`] | the tables and charts of the three ways |
//! | [`links`] | the table of the proxy of a link beside others |

pub mod amqp;
pub mod closed;
pub mod comparison;
pub mod criterion_output;
pub mod figures;
pub mod grpc;
pub mod http;
pub mod links;
pub mod ratios;
pub mod stored;
pub mod system;
pub mod targets;

pub use system::System;

/// Bytes of the data of an entry, where the three ways are compared.
pub const SIZES: [usize; 3] = [64, 1024, 16 * 1024];

/// Entries under way at any moment, where the three ways are compared.
pub const CONCURRENCIES: [usize; 3] = [1, 16, 64];

/// Why a bench can't go on; told as it is.
pub type Failed = Box<dyn std::error::Error + Send + Sync>;

//! The TCP proxy of links, with toxics in Toxiproxy's sense. Knows nothing of the lab.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`api`] | Toxiproxy's HTTP API |
//! | [`registry`] | proxies by name |
//! | [`single`] | one proxy: where it listens, where to, its toxics |
//! | [`listen`], [`upstreams`] | addresses, on either side |
//! | [`acceptor`] | the listening socket and its connections |
//! | [`shortage`] | what is done when there are no descriptors |
//! | [`connection`] | one connection, from its acceptance to its end |
//! | [`lane`], [`outgoing`], [`splice`] | one direction of it: through the kernel, or through the toxics |
//! | [`chain`] | the toxics of one direction, one behind the other; knows no sockets |
//! | [`toxic`], [`toxics`] | what can be done, one file each |
//! | [`timer`] | moments that are waited for |
//! | [`answer_times`] | how long answers take, while somebody watches |
//! | [`counters`] | what a proxy has seen and done, for evidence |

mod acceptor;
mod answer_times;
pub mod api;
mod connection;
pub mod counters;
mod lane;
pub mod listen;
mod outgoing;
mod registry;
mod shortage;
mod single;
#[cfg(target_os = "linux")]
mod splice;
mod timer;
pub mod toxics;
pub mod upstreams;

pub use answer_times::AnswerTimes;
pub use counters::{Counters, Snapshot};
pub use faultline_toxics::{Direction, NewToxic, Toxic, Values};
pub use registry::{NewProxy, Registry, RegistryError};
pub use single::{Proxy, ProxyError, ToxicError, View};
pub use toxics::Toxics;
pub use upstreams::Upstreams;

#[cfg(test)]
mod tests;

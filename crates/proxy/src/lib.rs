//! TCP proxy of a link, with toxics in the sense of Toxiproxy. It knows nothing of the lab.
//!
//! | module | content |
//! | --- | --- |
//! | [`api`] | Toxiproxy's HTTP API |
//! | [`registry`] | proxies by name |
//! | [`proxy`] | one proxy: addresses, state and toxics |
//! | [`listen`], [`upstreams`] | the addresses on either side |
//! | [`dial`] | the dial of an upstream |
//! | [`acceptor`] | the listening socket and its connections |
//! | [`shortage`] | the reaction to a lack of file descriptors |
//! | [`connection`], [`context`] | one connection, from its acceptance to its end, and the state that all share |
//! | [`lane`], [`output`], [`splice`], [`socket`] | one direction of it: through the kernel, or through the toxics |
//! | [`toxics`] | the toxics of a proxy; their kinds are the crate `faultline-toxics` |
//! | [`timer`] | sleeps to the microsecond |
//! | [`counters`], [`answer_times`] | evidence and measurements |

mod acceptor;
mod answer_times;
pub mod api;
mod connection;
mod context;
pub mod counters;
mod dial;
mod lane;
pub mod listen;
mod output;
mod proxy;
mod registry;
mod shortage;
mod socket;
#[cfg(target_os = "linux")]
mod splice;
mod timer;
pub mod toxics;
pub mod upstreams;

pub use answer_times::AnswerTimes;
pub use counters::{Counters, Snapshot};
pub use faultline_toxics::{Direction, NewToxic, Toxic, Values};
pub use proxy::{Proxy, ProxyError, ProxyView, ToxicError};
pub use registry::{NewProxy, Registry, RegistryError};
pub use toxics::Toxics;
pub use upstreams::Upstreams;

#[cfg(test)]
mod tests;

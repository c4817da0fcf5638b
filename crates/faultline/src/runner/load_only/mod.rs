//! Loads without faults, on a system of their own or on one that runs.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`system`] | a system that is ready for a load |
//! | [`trial`] | one load, measured |
//! | [`mod@load`] | a load from start to result |
//! | [`mod@capacity`] | the highest rate that a path holds, trial after trial |
//! | [`self_check`] | the highest rate of the generator on this machine |
//! | `instant_server` | a server that answers at once, for that check |

pub mod capacity;
mod instant_server;
pub mod load;
pub mod self_check;
pub mod system;
pub mod trial;

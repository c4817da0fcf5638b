//! Observation of a stack while it runs.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`health`] | readiness and deaths of nodes, for the history |
//! | [`contents`] | entries of stores and depths of queues |
//! | [`usage`] | nodes and links once a second, for the live lab |
//! | [`store`] | stored and missing entries, for the live lab |

pub mod contents;
pub mod health;
pub mod store;
pub mod usage;

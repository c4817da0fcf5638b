//! The live lab: a page that shows a run, or a system that is up, and injects manual faults and loads.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`state`] | the state that the page shows, folded from progress; pure |
//! | [`view`] | that state as JSON; pure |
//! | [`counts`] | counters of operations and entries; pure |
//! | [`faults`] | faults as the page shows them; pure |
//! | [`pictures`] | pictures of the system and of every path; pure |
//! | [`broadcast`] | the state and its changes, for any number of viewers |
//! | [`session`] | manual loads on a system that is up, one after the other |
//! | [`server`] | the page and its API over HTTP |
//! | [`system`] | the fixed facts of the system; pure |
//! | [`gate`] | checks of hosts, origins and the token |
//! | [`assets`] | the files of the page, where they were built in |
//! | [`past_runs`] | past runs and their reports |

pub mod assets;
pub mod broadcast;
pub mod counts;
pub mod faults;
pub mod gate;
pub mod past_runs;
pub mod pictures;
pub mod server;
pub mod session;
pub mod state;
pub mod system;
pub mod view;

pub use broadcast::{BetweenRuns, Broadcast};
pub use server::Lab;

//! The live lab: what a run, or a system that is up, looks like right now, on a page; and faults and loads by hand from
//! there.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`state`] | everything that the page shows, folded from progress; pure |
//! | [`counts`] | counters of operations and entries; pure |
//! | [`faults`] | faults as the page shows them; pure |
//! | [`pictures`] | pictures of the system and of every path; pure |
//! | [`board`] | the state that everybody shares, and what changed of it, for any number of viewers |
//! | [`session`] | loads by hand on a system that is up, one after the other |
//! | [`server`] | the page and its API over HTTP |
//! | [`gate`] | who is answered, and who may act |
//! | [`assets`] | the page, where it was built in |
//! | [`shelf`] | the runs before, and their reports |

pub mod assets;
pub mod board;
pub mod counts;
pub mod faults;
pub mod gate;
pub mod pictures;
pub mod server;
pub mod session;
pub mod shelf;
pub mod state;

pub use board::{Between, Board};
pub use server::Lab;

//! Verdict and figures of a run, for people and for machines. Pure: made from a history and its judgement.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`model`] | the report; `report.json` is this |
//! | [`terminal`] | the report for a terminal |
//! | [`style`] | colours, where they are wanted |

pub mod model;
pub mod style;
pub mod terminal;

pub use model::Report;
pub use style::Style;

//! Verdict and figures of a run, for people and for machines. Pure functions of a timeline and its judgement.
//!
//! | module | content |
//! | --- | --- |
//! | [`model`] | the report; `report.json` is this |
//! | [`terminal`] | the report for a terminal |
//! | [`junit`], [`annotations`], [`markdown`] | the report for JUnit's readers, GitHub's workflows and pull requests |
//! | [`capacity`] | the result of a search for a capacity |
//! | [`catalogue`] | every fault there is |
//! | [`chart`] | charts of loads, as SVG |
//! | [`compare`] | two loads side by side |
//! | [`details`] | seconds, node events and entry traces: what the page shows beside the report |
//! | [`page`] | the report as a page: `report.html` |
//! | [`baseline`] | a run beside its baseline, the same run without faults |
//! | [`load`] | the result of a load without faults |
//! | [`runs`] | two runs side by side |
//! | `table` | lines and tables |
//! | [`style`] | colours, where they are wanted |
//! | `words` | words that several forms share |

pub mod annotations;
pub mod baseline;
pub mod capacity;
pub mod catalogue;
pub mod chart;
pub mod compare;
pub mod details;
pub mod junit;
pub mod load;
pub mod markdown;
pub mod model;
pub mod page;
pub mod runs;
pub mod style;
mod table;
pub mod terminal;
#[cfg(test)]
mod tests;
mod words;

pub use baseline::BaselineReport;
pub use details::Details;
pub use load::LoadReport;
pub use model::Report;
pub use style::Style;

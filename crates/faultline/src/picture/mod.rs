//! Pictures of the system and of time, drawn once for the report and the live lab. Pure: neither HTML nor a runtime.
//!
//! | module | content |
//! | --- | --- |
//! | [`drawing`] | a drawing and its shapes, which a page maps to SVG one to one |
//! | [`system`], [`elements`] | nodes and links, with their states, rates and faults |
//! | [`chart`] | one path over time: operations by outcome, latency, faults |
//! | [`bars`] | seconds added up to bars |
//! | [`patterns`] | fills of the outcomes, and the words that explain them |
//! | [`faulty`] | kinds of the faults of each node and link |
//! | [`figures`] | numbers as people read them |
//! | `area` | rectangles, and the space that a text takes |
//! | `axis`, `panel`, `plot` | scales, legends, bars and lines of a chart |
//! | `bands` | faults on a chart |
//! | [`lettering`] | size, weight and anchor of a text |
//! | `layout` | columns and rows of nodes |
//! | `plan` | boxes, ports and routes of a system |
//! | `route` | curves of links |
//! | `labels` | places for labels, none over another |

mod area;
mod axis;
mod bands;
pub mod bars;
pub mod chart;
pub mod drawing;
pub mod elements;
pub mod faulty;
pub mod figures;
mod labels;
mod layout;
pub mod lettering;
mod panel;
pub mod patterns;
mod plan;
mod plot;
mod route;
pub mod system;
#[cfg(test)]
mod tests;

pub use bars::{Bar, TimeSpan};
pub use chart::{PathChart, chart};
pub use drawing::{Drawing, Shape};
pub use elements::{Condition, SystemLink, SystemNode};
pub use faulty::FaultKinds;
pub use patterns::{LEGEND, patterns};
pub use system::system;

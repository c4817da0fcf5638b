//! The faults of a scenario: `[[fault]]`.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`kind`] | what can be done |
//! | [`spec`] | one fault as a file has it |
//! | [`given`] | the values of a toxic's attributes: `"200ms"`, `100` |
//! | [`check`] | keys that belong together |
//! | [`planned`] | one fault with its times and its seed |

pub(super) mod check;
mod given;
pub mod kind;
mod planned;
mod spec;

pub use given::Given;
pub use kind::{FaultKind, Place};
pub use planned::{PlannedFault, PlannedPartition, PlannedToxic};
pub use spec::{Directions, FaultSpec, PartitionDirection};

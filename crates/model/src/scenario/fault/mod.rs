//! The faults of a scenario: `[[fault]]`.
//!
//! | module | what it holds |
//! | --- | --- |
//! | [`kind`] | what can be done |
//! | [`spec`] | one fault as a file has it |
//! | [`attribute_value`] | the values of a toxic's attributes: `"200ms"`, `100` |
//! | [`check`] | keys that belong together |
//! | [`planned`] | one fault with its times and its seed |

mod attribute_value;
pub(super) mod check;
pub mod kind;
mod planned;
mod spec;

pub use attribute_value::AttributeValue;
pub use kind::{FaultKind, TargetKind};
pub use planned::{PlannedFault, PlannedPartition, PlannedToxic};
pub use spec::{Directions, FaultSpec, PartitionDirection};

//! A scenario with one kill, for tests.

use crate::scenario::{PlannedFault, Schedule, parse};

const SCENARIO: &str = r#"
shows = "a fault"
[[load]]
for = "2s"
rates = { ping = "10/s" }
[[fault]]
kind = "kill"
node = "broker"
at = "1s"
for = "500ms"
"#;

/// Derives the schedule of the scenario.
pub(crate) fn schedule() -> Schedule {
    Schedule::derive("x", &parse("x", SCENARIO).unwrap(), 1)
}

/// Returns the kill.
pub(crate) fn fault() -> PlannedFault {
    schedule().faults.remove(0)
}

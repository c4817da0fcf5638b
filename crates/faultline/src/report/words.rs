//! The words that the terminal and the Markdown form of a report share: heads of tables, times of a fault, sentences on
//! comparisons. They stand together so that they can be read as one text.

use crate::checker::FaultFigures;

/// Head of the table of paths on a terminal.
pub(super) const PATHS: [&str; 12] = [
    "path",
    "offered",
    "sent",
    "ok",
    "fail",
    "info",
    "lost",
    "duplicated",
    "ok/s",
    "p50 ms",
    "p99 ms",
    "max ms",
];

/// Head of the table of paths in Markdown.
pub(super) const PATHS_SHORT: [&str; 9] =
    ["path", "offered", "ok", "fail", "info", "lost", "duplicated", "p50 ms", "p99 ms"];

/// Head of the table of a fault on a terminal, without its first column. A leading blank sets a group of columns apart.
pub(super) const FAULT: [&str; 7] =
    ["ok before", "during", "after", " p99 ms before", "during", "after", " time to recover"];

/// Label of the time of a fault whose operations are counted as `during`.
pub(super) const WINDOW: &str = "fault window";

/// Label of what shows that a fault took effect and was healed.
pub(super) const EVIDENCE: &str = "evidence";

/// Label of evidence that was expected and not found. Capitals, since it makes the verdict unknown.
pub(super) const NO_EVIDENCE: &str = "NO EVIDENCE";

/// Cell of a path whose answers do not depend on the target of a fault.
// Not a dash, which would look like a measure that is missing.
pub(super) const NOT_AFFECTED: &str = "not affected";

/// Cell of a time to recover that never ended.
pub(super) const NOT_RECOVERED: &str = "not recovered";

/// Cell or phrase for an effect of a fault that no operation and no node showed.
pub(super) const NOT_DETECTED: &str = "not detected";

/// Sentence in place of a table without rows.
pub(super) const NO_DIFFERENCE: &str = "no significant difference (95 % CI)";

/// Note below tables that leave out what may be chance.
pub(super) const ONLY_SIGNIFICANT: &str = "only significant differences are shown (95 % CI)";

/// Label of a condition, besides the system itself, in which two runs differ.
pub(super) const WARNING: &str = "warning:";

/// Label of the line with the run's page.
pub(super) const REPORT: &str = "report";

/// Label of the line with the folder of a load or a search.
pub(super) const RUN_FOLDER: &str = "run folder";

/// Label of the command that repeats a run.
pub(super) const REPEAT: &str = "Repeat with";

/// Formats a time in milliseconds as people read it: `34 ms`, `4.6 s`.
pub(super) fn time(ms: u64) -> String {
    match ms {
        // Above a second one decimal is enough for people; report.json has the milliseconds.
        0..1000 => format!("{ms} ms"),
        _ => format!("{:.1} s", ms as f64 / 1000.0),
    }
}

fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

/// Formats the time in which a fault was active, after the start of the load: `active 3.0–8.0 s`.
pub(super) fn active(fault: &FaultFigures) -> String {
    // The fault ends when it is healed. The time until all nodes are ready belongs to the recovery; counting it
    // here too would make both times wrong.
    match fault.heal_ms {
        Some(heal) => format!("active {:.1}\u{2013}{:.1} s", seconds(fault.from_ms), seconds(heal)),
        None => format!("active from {:.1} s", seconds(fault.from_ms)),
    }
}

/// Formats the fault window, whose operations the column `during` counts.
pub(super) fn window(fault: &FaultFigures) -> String {
    let from = seconds(fault.from_ms);
    match fault.to_ms {
        Some(to) => format!(
            "{from:.1}\u{2013}{:.1} s, from injection until all nodes were ready; column \"during\" counts its operations",
            seconds(to)
        ),
        None => format!("from {from:.1} s to the end: it was not observed that all nodes became ready"),
    }
}

/// Formats the time to detect a fault: `detected in 34 ms`.
pub(super) fn detected(fault: &FaultFigures) -> String {
    fault.detect_ms.map_or_else(|| NOT_DETECTED.to_owned(), |ms| format!("detected in {}", time(ms)))
}

/// Formats the time in which all nodes were ready again: `all nodes ready 4.6 s after heal`.
// Not "recovered", which the table below says of each path, with a time of its own.
pub(super) fn nodes_ready(fault: &FaultFigures) -> String {
    match (fault.heal_ms, fault.ready_ms) {
        (None, _) => "not healed".to_owned(),
        (_, Some(ms)) => format!("all nodes ready {} after heal", time(ms)),
        (_, None) => "not observed: all nodes ready".to_owned(),
    }
}

/// Formats the time to recover of a path; none where the path is not affected.
pub(super) fn time_to_recover(fault: &FaultFigures, path: &str) -> String {
    match fault.recover_ms.get(path) {
        None => NOT_AFFECTED.to_owned(),
        Some(None) => NOT_RECOVERED.to_owned(),
        Some(Some(ms)) => time(*ms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_the_unit_that_suits_its_size() {
        for (ms, text) in [(0, "0 ms"), (999, "999 ms"), (1000, "1.0 s"), (4593, "4.6 s"), (61_000, "61.0 s")]
        {
            assert_eq!(time(ms), text);
        }
    }
}

//! The reports that a run writes into its folder say what its verdict says.

use std::path::Path;

use faultline::checker::Check;
use faultline::report::Report;

/// Bytes of a page that opens at once.
const LARGE: usize = 1_000_000;

/// Checks whose entries the page follows one by one.
const ABOUT_ENTRIES: [&str; 4] = ["lost", "duplicated", "unexpected", "corrupted"];

/// Every figure, fault and entry in question of the report is on the page, with the first operations of the other checks,
/// and every check is in the XML.
pub(crate) fn agrees_with(report: &Report) {
    let read = |name: &str| std::fs::read_to_string(Path::new(&report.folder).join(name)).expect(name);
    let page = read("report.html");
    assert!(page.len() < LARGE, "report.html has {} bytes", page.len());
    for (name, path) in &report.paths {
        let tally = &path.tally;
        let cells = [tally.offered, tally.sent, tally.dropped, tally.ok, tally.fail, tally.info];
        let cells: String = cells.iter().map(|count| format!("<td>{count}</td>")).collect();
        let row = format!("<th scope=\"row\">{name}</th>{cells}");
        assert!(page.contains(&row), "no {row} on the page");
    }
    let first = report.checks.iter().filter_map(Check::first_ids);
    let entries = report.checks.iter().filter(|check| ABOUT_ENTRIES.contains(&check.name.as_str()));
    let in_question = first.chain(entries.flat_map(|check| check.ids.clone()));
    for part in report.faults.iter().map(|fault| fault.what.clone()).chain(in_question) {
        assert!(page.contains(&part.replace('>', "&gt;")), "no {part} on the page");
    }
    assert_eq!(read("junit.xml").matches("<testcase ").count(), report.checks.len());
}

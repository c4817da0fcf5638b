//! The report as JUnit's XML: a test case for each check.

use quick_junit::{NonSuccessKind, Report as Xml, TestCase, TestCaseStatus, TestSuite};

use super::model::Report;
use crate::checker::{Check, Verdict};

/// Writes the whole report as XML. A check that failed is a failure, an unknown one an error, and one that was not checked
/// is skipped.
///
/// # Errors
/// An error of the writer for a text that XML can't hold.
pub fn render(report: &Report) -> Result<String, quick_junit::SerializeError> {
    let mut suite = TestSuite::new(report.scenario.as_str());
    for (name, value) in [
        ("verdict", report.verdict.name().to_owned()),
        ("why", report.why.clone()),
        ("repeat", report.repeat()),
        ("run", report.run.clone()),
        ("provider", report.provider.clone()),
    ] {
        suite.add_property((name, value.as_str()));
    }
    suite.add_test_cases(report.checks.iter().map(|check| case(report, check)));
    let mut xml = Xml::new("faultline");
    xml.add_test_suite(suite);
    xml.to_string().map(|text| text + "\n")
}

fn case(report: &Report, check: &Check) -> TestCase {
    let status = match check.verdict {
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::Fail => not_passed(NonSuccessKind::Failure, check),
        // CI tools show errors apart from failures: an unknown verdict is a problem of the run, not yet of the
        // system.
        Verdict::Unknown => not_passed(NonSuccessKind::Error, check),
        Verdict::NotChecked => {
            // Skipped, since nothing is claimed; a pass would look like a check that was made.
            let mut status = TestCaseStatus::skipped();
            status.set_message(check.detail.as_str());
            status
        }
    };
    let mut case = TestCase::new(check.name.as_str(), status);
    case.set_classname(format!("faultline.{}", report.scenario));
    // JUnit has a message for every status but success.
    if check.verdict == Verdict::Pass {
        case.set_system_out(check.detail.as_str());
    }
    case
}

fn not_passed(kind: NonSuccessKind, check: &Check) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(check.verdict.name());
    status.set_message(check.detail.as_str());
    status.set_description(check.ids.join("\n"));
    status
}

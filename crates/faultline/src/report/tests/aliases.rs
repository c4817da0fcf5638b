//! Reports of earlier versions are still read, with the names that they have.

use super::{Report, know, report};

#[test]
fn a_report_of_version_1_is_read() {
    let (_, report) = report(know);
    assert_eq!(report.paths["log"].corrupted, Some(0));
    let text = serde_json::to_string(&report).unwrap();
    let old = text.replace("\"corrupted\":0", "\"altered\":0").replace("\"version\":2", "\"version\":1");
    assert_ne!(old, text);
    let read: Report = serde_json::from_str(&old).unwrap();
    assert_eq!((read.version, read.paths), (1, report.paths));
}

//! The verdict of a run's folder: its history is read back from disk and judged, and its report written in every form.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::RunError;
use super::folder::{FolderError, logs};
use super::recorder::{self, RecordError};
use crate::checker;
use crate::history;
use crate::report::{Details, Report, junit, page};
use crate::timeline::{Operation, Timeline};

/// The report as a page, in the folder of its run.
pub const PAGE: &str = "report.html";

/// Reads and judges the history in a run's folder, and writes `report.json`, `junit.xml` and [`PAGE`] into it.
///
/// # Errors
/// [`RunError`] when there is no history, none that can be read, or when a file can't be written.
pub fn judge(folder: &Path) -> Result<Report, RunError> {
    let (report, details) = read(folder)?;
    let json = serde_json::to_string_pretty(&report).map_err(std::io::Error::from);
    write(folder, "report.json", json.map(|text| text + "\n"))?;
    write(folder, "junit.xml", junit::render(&report).map_err(std::io::Error::other))?;
    write(folder, PAGE, Ok(page::render(&report, &details)))?;
    Ok(report)
}

/// Reads and judges the history in a run's folder.
///
/// # Errors
/// [`RunError`] when there is no history, or none that can be read.
pub fn read(folder: &Path) -> Result<(Report, Details), RunError> {
    let timeline = timeline_of(folder)?;
    let report = Report::new(folder, &timeline.run, checker::judge(&timeline));
    let mut details = Details::new(&timeline, &report);
    logs::add(folder, &mut details);
    Ok((report, details))
}

fn write(folder: &Path, name: &str, text: std::io::Result<String>) -> Result<(), FolderError> {
    let path = folder.join(name);
    text.and_then(|text| fs::write(&path, text)).map_err(|source| FolderError::writing(path, source))
}

/// Reads the operations in the history of a run's folder.
///
/// # Errors
/// [`RunError`] when there is no history, or none that can be read.
pub fn operations_of(folder: &Path) -> Result<Vec<Operation>, RunError> {
    Ok(timeline_of(folder)?.operations().to_vec())
}

/// Reads the whole timeline of a run, from the history in its folder.
fn timeline_of(folder: &Path) -> Result<Timeline, RunError> {
    let path: PathBuf = folder.join(recorder::FILE);
    let text = fs::read_to_string(&path).map_err(|source| RecordError::reading(&path, source))?;
    Ok(Timeline::of(&history::read(&text)?))
}

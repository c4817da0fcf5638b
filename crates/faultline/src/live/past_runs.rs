//! Past runs, and their files that may be read.

use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::runner::folder;
use crate::stack::plain_file;

/// Longest list, of the latest runs.
const LISTED: usize = 100;

/// Longest report that is read, in bytes.
// A page of a run of an hour has some 2 MiB; the limit keeps a folder from elsewhere from filling the memory.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Files of a run that are shown, with their types.
// A list and no pattern: the folder also has logs of the nodes, which may hold secrets.
const FILES: [(&str, &str); 3] = [
    ("report.html", "text/html; charset=utf-8"),
    ("report.json", "application/json"),
    ("junit.xml", "application/xml"),
];

/// A past run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PastRun {
    /// Name of its folder.
    pub folder: String,
    /// Name of its scenario.
    pub scenario: String,
    /// `pass`, `fail` or `unknown`; none without a report.
    pub verdict: Option<String>,
    /// Reason for the verdict or for its absence, in one sentence.
    pub why: String,
    /// Names of its files that can be read.
    pub files: Vec<&'static str>,
}

/// Lists the latest runs in a folder, the newest first, also those without a readable report.
#[must_use]
pub fn list(runs: &Path) -> Vec<PastRun> {
    let mut all = folder::all(runs).unwrap_or_default();
    all.reverse();
    let of_runs = all.into_iter().filter_map(|(path, owner)| Some((path, owner.scenario?)));
    of_runs.take(LISTED).map(|(path, scenario)| past_run(&path, scenario)).collect()
}

fn past_run(path: &Path, scenario: String) -> PastRun {
    let files = FILES.iter().map(|(file, _)| *file).filter(|file| path.join(file).is_file()).collect();
    let (verdict, why) = match read(path) {
        Ok((verdict, why)) => (Some(verdict), why),
        Err(why) => (None, why),
    };
    PastRun { folder: folder::name_of(path), scenario, verdict, why, files }
}

fn read(path: &Path) -> Result<(String, String), String> {
    let text = match plain_file::read(&path.join("report.json"), LONGEST) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err("no report: the run goes on, or did not finish".to_owned());
        }
        Err(error) => return Err(format!("the report can't be read: {error}")),
    };
    // Two words are enough, so the reports of other versions are listed too.
    let report: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| format!("report: expected JSON, found an error: {error}"))?;
    let word = |key: &str| report.get(key).and_then(serde_json::Value::as_str).map(str::to_owned);
    let verdict = word("verdict").filter(|verdict| ["pass", "fail", "unknown"].contains(&verdict.as_str()));
    let verdict = verdict.ok_or("the report is of another version of faultline")?;
    Ok((verdict, word("why").unwrap_or_default()))
}

/// Reads a file of a run, with its type; none if it is missing or may not be read.
#[must_use]
pub fn file(runs: &Path, folder: &str, name: &str) -> Option<(String, &'static str)> {
    let (name, kind) = FILES.iter().find(|(file, _)| *file == name)?;
    // The folder comes from the URL, and must not lead out of the folder of runs.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if folder.is_empty() || !folder.bytes().all(is_plain) {
        return None;
    }
    let folder = runs.join(folder);
    let path = folder.join(name);
    // No links: a run's folder may come from elsewhere, and a link in it could point at any file.
    fs::symlink_metadata(&folder).ok().filter(fs::Metadata::is_dir)?;
    plain_file::read(&path, LONGEST).ok().map(|text| (text, *kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::RunFolder;

    #[test]
    fn runs_are_listed_whatever_their_folders_hold() {
        let runs = tempfile::tempdir().unwrap();
        for (title, report) in [
            ("whole", Some(r#"{"verdict": "pass", "why": "all well"}"#)),
            ("half", Some(r#"{"verdict": "pa"#)),
            ("other", Some(r#"{"outcome": 7}"#)),
            ("none", None),
        ] {
            let folder = RunFolder::create(runs.path(), "run", title).unwrap();
            if let Some(report) = report {
                folder.write_text("report.json", report).unwrap();
            }
        }
        let elsewhere = RunFolder::create(runs.path(), "run", "elsewhere").unwrap();
        std::os::unix::fs::symlink("/dev/zero", elsewhere.path().join("report.json")).unwrap();
        RunFolder::create(runs.path(), "up", "up").unwrap();
        std::fs::create_dir(runs.path().join("stray")).unwrap();
        let listed = list(runs.path());
        let of = |scenario: &str| listed.iter().find(|run| run.scenario == scenario).unwrap();
        assert_eq!(listed.len(), 5);
        assert!(of("elsewhere").why.contains("expected a file, found a link"));
        assert_eq!((of("whole").verdict.as_deref(), of("whole").why.as_str()), (Some("pass"), "all well"));
        assert!(of("half").verdict.is_none() && of("half").why.contains("expected JSON"));
        assert!(of("other").why.contains("another version"));
        assert!(of("none").why.contains("did not finish"));
        assert_eq!(of("whole").files, ["report.json"]);
        assert!(list(&runs.path().join("nowhere")).is_empty());
    }

    #[test]
    fn only_reports_of_runs_can_be_read() {
        let runs = tempfile::tempdir().unwrap();
        let folder = RunFolder::create(runs.path(), "run", "x").unwrap();
        folder.write_text("report.html", "<p>").unwrap();
        std::os::unix::fs::symlink("/etc/hostname", folder.path().join("junit.xml")).unwrap();
        let name = folder.path().file_name().unwrap().to_string_lossy().into_owned();
        assert!(file(runs.path(), &name, "report.html").is_some());
        for (folder, name) in [
            (name.as_str(), "run.json"),
            (&name, "junit.xml"),
            ("..", "report.html"),
            ("", "report.html"),
            ("a/b", "report.html"),
        ] {
            assert!(file(runs.path(), folder, name).is_none(), "{folder}/{name}");
        }
    }
}

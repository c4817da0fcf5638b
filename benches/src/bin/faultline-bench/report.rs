//! Tables, charts and the comparison with the baseline; and the step that makes a run the baseline.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use benches::figures::{BenchFigures, Figure};
use benches::{BenchError, comparison, criterion_output, links, ratios, side_by_side, targets};
use clap::Args;
use faultline::cli::output::{note, tell};
use faultline::runner::machine;
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::folder;

/// File of all figures.
const FIGURES: &str = "figures.json";

/// File of the tables.
const SUMMARY: &str = "summary.md";

/// Guide that holds the tables of the baseline.
const GUIDE: &str = "docs/benchmarks.md";

/// Section of the guide without figures.
const NOT_RECORDED: &str = "The baseline does not have these figures yet.\n";

/// Link from the guide to the baseline.
const RESULTS: &str = "[benches/results](../benches/results/summary.md)";

/// Groups of figures that are tables of their own.
const GROUPS: [(&str, &str); 7] = [
    ("side-by-side/", "The services beside bare servers, in turns; the median of the rounds"),
    ("limits/", "The services and their ceilings, in turns; the median of the rounds"),
    ("overload/", "Three times the capacity"),
    ("growth/", "Growth"),
    ("link/", "The proxy of a link beside others, in turns; the median of the rounds"),
    ("soak/", "The proxy of a link under load, with toxics that come and go"),
    ("self-check/", "The generator alone; the worst of its checks"),
];

/// Beginnings of the names of the files that this program's other verbs write.
const PARTS: [&str; 6] = [side_by_side::PREFIX, "limits", "growth", "overload", "link", "soak"];

/// The options of the verb.
#[derive(Args)]
pub(crate) struct ReportVerb {}

/// The options of the verb.
#[derive(Args)]
pub(crate) struct RecordVerb {
    /// Writes docs/benchmarks.md from the baseline as it is, and changes no baseline
    #[arg(long)]
    guide_only: bool,
}

/// Result of `faultline load --self-check --output json` for one rate.
#[derive(Deserialize)]
struct SelfCheck {
    rate: u32,
    late: f64,
    p50_ms: f64,
    cpu_us: f64,
}

impl ReportVerb {
    pub(crate) fn perform(self) -> Result<ExitCode, BenchError> {
        let (fresh, baseline) = (folder::fresh()?, folder::baseline().join(FIGURES));
        let figures = collect(&fresh)?;
        figures.write(&fresh.join(FIGURES))?;
        for (name, picture) in comparison::charts(&figures) {
            write(&fresh.join(name), &picture)?;
        }
        let mut text = summary(&figures);
        let mut code = ExitCode::SUCCESS;
        if baseline.exists() {
            let before = BenchFigures::read(&baseline)?;
            let comparisons = ratios::compare(&figures, &before);
            text.push_str("\n## Against the baseline\n\n");
            // A warning and no error: ratios hold on other machines too, within their noise bands.
            for difference in figures.differences(&before) {
                note(format_args!("the baseline is of another machine or version: {difference}"));
            }
            text.push_str(&comparison::against_baseline(&comparisons));
            for worse in comparisons.iter().filter(|comparison| comparison.is_regression()) {
                note(format_args!("worse than noise explains: {}", worse.now.name));
                code = ExitCode::from(1);
            }
        } else {
            note("no baseline yet: `make bench-record` makes this run one");
        }
        write(&fresh.join(SUMMARY), &text)?;
        tell(&text);
        note(format_args!("tables, charts and figures are in {}", fresh.display()));
        Ok(code)
    }
}

impl RecordVerb {
    pub(crate) fn perform(self) -> Result<ExitCode, BenchError> {
        let (fresh, baseline) = (folder::fresh()?, folder::baseline());
        if !self.guide_only {
            fs::create_dir_all(&baseline).map_err(|error| format!("{}: {error}", baseline.display()))?;
            for entry in fs::read_dir(&fresh)? {
                let path = entry?.path();
                // goose's page holds the same figures as its JSON.
                let page = path.extension().is_some_and(|extension| extension == "html");
                if let (true, false, Some(name)) = (path.is_file(), page, path.file_name()) {
                    fs::copy(&path, baseline.join(name))
                        .map_err(|error| format!("{}: {error}", path.display()))?;
                }
            }
        }
        let figures = BenchFigures::read(&baseline.join(FIGURES))?;
        let guide = folder::repository().join(GUIDE);
        let text = fs::read_to_string(&guide).map_err(|error| format!("{}: {error}", guide.display()))?;
        write(&guide, &with_tables(&text, &figures)?)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Reads the figures of this run: those of criterion, and those of this program's other verbs.
fn collect(fresh: &Path) -> Result<BenchFigures, BenchError> {
    let taken = OffsetDateTime::now_utc().format(&Rfc3339)?;
    let mut facts = machine::facts();
    facts.insert("faultline".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
    let mut figures = BenchFigures { taken, facts, ..BenchFigures::default() };
    criterion_output::collect(&folder::repository().join("target/criterion"), &mut figures)?;
    for entry in fs::read_dir(fresh)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("self-check") && name.ends_with(".json") {
            add_self_check(&path, &mut figures)?;
        } else if PARTS.iter().any(|verb| name.starts_with(verb)) {
            let part = BenchFigures::read(&path)?;
            figures.figures.extend(part.figures);
            figures.facts.extend(part.facts);
        }
    }
    if figures.figures.is_empty() {
        return Err(
            "figures: expected some, found none: run `make bench`, or a part by `scripts/bench PART`".into(),
        );
    }
    Ok(figures)
}

/// Adds a self-check; the worst of several counts.
fn add_self_check(path: &Path, figures: &mut BenchFigures) -> Result<(), BenchError> {
    let located = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = fs::read_to_string(path).map_err(|error| located(&error))?;
    for check in serde_json::from_str::<Vec<SelfCheck>>(&text).map_err(|error| located(&error))? {
        for (what, value, unit) in
            [("late", check.late, ""), ("p50", check.p50_ms, "ms"), ("cpu", check.cpu_us, "µs")]
        {
            let name = format!("self-check/{}: {what}", check.rate);
            // The generator must be in time each time, so a good check does not outweigh a bad one.
            let worst = figures.value(&name).map_or(value, |known| known.max(value));
            figures.add(name, Figure::new(worst, unit));
        }
    }
    Ok(())
}

fn summary(figures: &BenchFigures) -> String {
    let mut text = format!("# Benches of {}\n\n", figures.taken);
    for (name, value) in &figures.facts {
        text.push_str(&format!("- {name}: {value}\n"));
    }
    text.push_str(&format!("\n## Three transports\n\n{}", comparison::tables(figures)));
    for (prefix, title) in GROUPS {
        if figures.figures.keys().any(|name| name.starts_with(prefix)) {
            text.push_str(&format!("\n## {title}\n\n{}", comparison::group(figures, prefix)));
        }
    }
    text.push_str(&format!("\n## Targets\n\n{}", comparison::against_targets(&targets::evaluate(figures))));
    text
}

/// Guide with the tables of the figures.
fn with_tables(guide: &str, figures: &BenchFigures) -> Result<String, BenchError> {
    let fact = |name: &str| figures.facts.get(name).map_or("?", String::as_str);
    let taken = figures.taken.get(..10).unwrap_or(&figures.taken);
    let (cores, memory) = (fact("cores"), fact("memory"));
    let measured = format!("Measured {taken} on {cores} cores with {memory} by `make bench`; all figures");
    let mut text = guide.to_owned();
    for (section, table) in [
        ("comparison", comparison::tables(figures)),
        ("side by side", side_by_side::table(figures)),
        ("link", links::table(figures)),
    ] {
        // A table without rows would read as a result.
        let content = if table.is_empty() {
            NOT_RECORDED.to_owned()
        } else {
            format!("{measured}, with their intervals, are in\n{RESULTS}.\n\n{table}")
        };
        text = with_section(&text, section, &content)?;
    }
    Ok(text)
}

/// Guide with another content between the two lines of a section.
fn with_section(guide: &str, section: &str, text: &str) -> Result<String, BenchError> {
    let begin = format!("<!-- {section}: written by `make bench-record` -->\n");
    let end = format!("<!-- end of {section} -->\n");
    let missing = || format!("{GUIDE}: expected the lines\n{begin}{end}found none");
    let (before, rest) = guide.split_once(&begin).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&end).ok_or_else(missing)?;
    Ok(format!("{before}{begin}{text}{end}{after}"))
}

fn write(path: &Path, text: &str) -> Result<(), BenchError> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_has_every_section_and_keeps_the_text_around_them() {
        let guide = fs::read_to_string(folder::repository().join(GUIDE)).unwrap();
        let mut figures = BenchFigures::default();
        let empty = with_tables(&guide, &figures).unwrap();
        assert_eq!(empty.matches(NOT_RECORDED).count(), 2, "{empty}");
        figures.add("side-by-side/ping: broker, rate", Figure::new(60_000.0, "/s"));
        let full = with_tables(&empty, &figures).unwrap();
        assert!(full.contains("| ping, the broker | 60,000 |"), "{full}");
        let before = |text: &str| text.split_once("<!-- comparison").unwrap().0.to_owned();
        assert_eq!(before(&full), before(&guide));
        let error = with_tables("# Another guide\n", &figures).unwrap_err();
        assert!(error.to_string().contains("comparison"), "{error}");
    }
}

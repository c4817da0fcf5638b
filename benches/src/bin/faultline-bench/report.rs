//! Tables, charts, the comparison with the baseline; and making a run the baseline.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use benches::figures::{Figure, Figures};
use benches::{Failed, comparison, criterion_output, links, ratios, targets};
use clap::Args;
use faultline::cli::output::{note, print_line};
use faultline::runner::machine;
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::folder;

/// The file of all figures, and that of the tables.
const FIGURES: &str = "figures.json";
const SUMMARY: &str = "summary.md";

/// Guide that holds the comparison.
const GUIDE: &str = "docs/benchmarks.md";

/// Link from the guide to the baseline.
const RESULTS: &str = "[benches/results](../benches/results/summary.md)";

/// Groups of figures that are tables of their own.
const GROUPS: [(&str, &str); 6] = [
    ("limits/", "The services and their ceilings, in turns; the median of the rounds"),
    ("overload/", "Three times the capacity"),
    ("growth/", "Growth"),
    ("link/", "The proxy of a link beside others, in turns; the median of the rounds"),
    ("soak/", "The proxy of a link under load, with toxics that come and go"),
    ("self-check/", "The generator alone; the worst of its checks"),
];

/// What the files of this program's other verbs begin with.
const PARTS: [&str; 5] = ["limits", "growth", "overload", "link", "soak"];

/// The options of the verb.
#[derive(Args)]
pub(crate) struct Report {}

/// The options of the verb.
#[derive(Args)]
pub(crate) struct Record {
    /// Only write the comparison into docs/benchmarks.md, from the baseline as it is
    #[arg(long)]
    guide_only: bool,
}

/// What `faultline load --self-check --output json` says of one rate.
#[derive(Deserialize)]
struct Checked {
    rate: u32,
    late: f64,
    p50_ms: f64,
    cpu_us: f64,
}

impl Report {
    pub(crate) fn perform(self) -> Result<ExitCode, Failed> {
        let (fresh, baseline) = (folder::fresh()?, folder::baseline().join(FIGURES));
        let figures = collect(&fresh)?;
        figures.write(&fresh.join(FIGURES))?;
        for (name, picture) in comparison::charts(&figures) {
            write(&fresh.join(name), &picture)?;
        }
        let mut text = summary(&figures);
        let mut code = ExitCode::SUCCESS;
        if baseline.exists() {
            let before = Figures::read(&baseline)?;
            let compared = ratios::compare(&figures, &before);
            text.push_str("\n## Against the baseline\n\n");
            for difference in figures.differences(&before) {
                note(format_args!("the baseline is of another machine or version: {difference}"));
            }
            text.push_str(&comparison::against_baseline(&compared));
            for worse in compared.iter().filter(|compared| compared.is_regression()) {
                note(format_args!("worse than noise explains: {}", worse.now.name));
                code = ExitCode::from(1);
            }
        } else {
            note("there is no baseline yet: `make bench-record` makes one of this run");
        }
        write(&fresh.join(SUMMARY), &text)?;
        print_line(&text);
        note(format_args!("tables, charts and figures are in {}", fresh.display()));
        Ok(code)
    }
}

impl Record {
    pub(crate) fn perform(self) -> Result<ExitCode, Failed> {
        let (fresh, baseline) = (folder::fresh()?, folder::baseline());
        if !self.guide_only {
            fs::create_dir_all(&baseline).map_err(|error| format!("{}: {error}", baseline.display()))?;
            for entry in fs::read_dir(&fresh)? {
                let path = entry?.path();
                // goose's page is left out: it holds the same figures as its JSON, to be looked at once.
                let page = path.extension().is_some_and(|extension| extension == "html");
                if let (true, false, Some(name)) = (path.is_file(), page, path.file_name()) {
                    fs::copy(&path, baseline.join(name))
                        .map_err(|error| format!("{}: {error}", path.display()))?;
                }
            }
        }
        let figures = Figures::read(&baseline.join(FIGURES))?;
        let guide = folder::repository().join(GUIDE);
        let text = fs::read_to_string(&guide).map_err(|error| format!("{}: {error}", guide.display()))?;
        write(&guide, &with_comparison(&text, &figures)?)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Everything measured by this run: by criterion, and by this program's other verbs.
fn collect(fresh: &Path) -> Result<Figures, Failed> {
    let taken = OffsetDateTime::now_utc().format(&Rfc3339)?;
    let mut facts = machine::facts();
    facts.insert("faultline".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
    let mut figures = Figures { taken, facts, ..Figures::default() };
    criterion_output::collect(&folder::repository().join("target/criterion"), &mut figures)?;
    for entry in fs::read_dir(fresh)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("self-check") && name.ends_with(".json") {
            add_self_check(&path, &mut figures)?;
        } else if PARTS.iter().any(|verb| name.starts_with(verb)) {
            let part = Figures::read(&path)?;
            figures.figures.extend(part.figures);
            figures.facts.extend(part.facts);
        }
    }
    if figures.figures.is_empty() {
        return Err(
            "nothing was measured yet: run `make bench`, or a part of it by `scripts/bench PART`".into()
        );
    }
    Ok(figures)
}

/// The worst of all checks counts.
fn add_self_check(path: &Path, figures: &mut Figures) -> Result<(), Failed> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = fs::read_to_string(path).map_err(|error| told(&error))?;
    for checked in serde_json::from_str::<Vec<Checked>>(&text).map_err(|error| told(&error))? {
        for (what, value, unit) in
            [("late", checked.late, ""), ("p50", checked.p50_ms, "ms"), ("cpu", checked.cpu_us, "µs")]
        {
            let name = format!("self-check/{}: {what}", checked.rate);
            let worst = figures.value(&name).map_or(value, |known| known.max(value));
            figures.add(name, Figure::of(worst, unit));
        }
    }
    Ok(())
}

fn summary(figures: &Figures) -> String {
    let mut text = format!("# Benches of {}\n\n", figures.taken);
    for (name, value) in &figures.facts {
        text.push_str(&format!("- {name}: {value}\n"));
    }
    text.push_str(&format!("\n## Three ways\n\n{}", comparison::tables(figures)));
    for (prefix, title) in GROUPS {
        if figures.figures.keys().any(|name| name.starts_with(prefix)) {
            text.push_str(&format!("\n## {title}\n\n{}", comparison::group(figures, prefix)));
        }
    }
    text.push_str(&format!("\n## Targets\n\n{}", comparison::against_targets(&targets::of(figures))));
    text
}

fn with_comparison(guide: &str, figures: &Figures) -> Result<String, Failed> {
    let fact = |name: &str| figures.facts.get(name).map_or("?", String::as_str);
    let taken = figures.taken.get(..10).unwrap_or(&figures.taken);
    let (cores, memory) = (fact("cores"), fact("memory"));
    let measured = format!("Measured {taken} on {cores} cores with {memory} by `make bench`; all figures");
    let ways =
        format!("{measured}, with their intervals, are in\n{RESULTS}.\n\n{}", comparison::tables(figures));
    let links = format!("{measured} are in\n{RESULTS}.\n\n{}", links::table(figures));
    with_section(&with_section(guide, "comparison", &ways)?, "link", &links)
}

/// The text with what stands between the two lines of a section replaced.
fn with_section(guide: &str, section: &str, text: &str) -> Result<String, Failed> {
    let begin = format!("<!-- {section}: written by `make bench-record` -->\n");
    let end = format!("<!-- end of {section} -->\n");
    let missing = || format!("{GUIDE} does not hold the lines\n{begin}{end}");
    let (before, rest) = guide.split_once(&begin).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&end).ok_or_else(missing)?;
    Ok(format!("{before}{begin}{text}{end}{after}"))
}

fn write(path: &Path, text: &str) -> Result<(), Failed> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()).into())
}

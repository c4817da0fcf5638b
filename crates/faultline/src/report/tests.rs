//! Every form of a report says what was checked and what was not, with its numbers.
//!
//! The snapshots hold the words that users read. `INSTA_UPDATE=always cargo test --lib report::tests` writes them anew; the
//! difference is then to be read as a text.

mod aliases;

use std::path::Path;

use super::page::render as page;
use super::*;
use crate::checker::{self, Verdict};
use crate::history::{self, History};
use crate::timeline::Timeline;

/// A run of two seconds that lost one entry of `log`, stored another twice, and names no store for `other`.
const HISTORY: &str = r#"{"type":"run","version":3,"run":"r1","faultline":"0.1.0","started":"2026-11-27T04:12:31Z","provider":"processes","ready_ms":7,"stored_in":{"log":"logs"},"declared":{"writes_nothing":["ping"],"any_body":[]},"affected":[],"schedule":{"version":2,"scenario":"s","shows":"x","seed":3,"timeout":"5s","payload":256,"in_flight":2000,"streams":[{"path":"log","from":"0s","until":"2s","rate":"2/s","offset":"1us","seed":0},{"path":"ping","from":"0s","until":"2s","rate":"1/s","offset":"1us","seed":0},{"path":"other","from":"0s","until":"2s","rate":"1/s","offset":"1us","seed":0}],"faults":[],"expect":{"lost":0,"duplicated":0,"unexpected":0,"without-fault":"50%","unaffected":"99%","recovers-within":"30s","drains-within":"1min"}},"environment":{}}
{"type":"invoke","id":"r1-log-000000","path":"log","due":1,"sent":2,"hash":5}
{"type":"settle","id":"r1-log-000000","at":9000,"outcome":"ok","status":200}
{"type":"invoke","id":"r1-log-000001","path":"log","due":600000,"sent":600001,"hash":5}
{"type":"settle","id":"r1-log-000001","at":700000,"outcome":"ok","status":200}
{"type":"invoke","id":"r1-ping-000002","path":"ping","due":600000,"sent":600001}
{"type":"settle","id":"r1-ping-000002","at":700000,"outcome":"ok","status":200}
{"type":"invoke","id":"r1-other-000003","path":"other","due":600000,"sent":600001}
{"type":"settle","id":"r1-other-000003","at":700000,"outcome":"ok","status":200}
{"type":"load-ended","at":2000000}
{"type":"drain","at":2000001,"queues":{},"missing":0,"done":true}
{"type":"observe","store":"logs","entries":[{"op":"r1-log-000001","hash":5},{"op":"r1-log-000001","hash":5}]}
{"type":"end","at":2100000,"interrupted":false}
"#;

fn report(change: impl FnOnce(&mut History)) -> (Timeline, Report) {
    let mut history = history::read(HISTORY).unwrap();
    change(&mut history);
    judged(&history)
}

fn judged(history: &History) -> (Timeline, Report) {
    let timeline = Timeline::of(history);
    let report = Report::new(Path::new("runs/r1"), &timeline.run, checker::judge(&timeline));
    (timeline, report)
}

/// A run of ten seconds in which a node was killed: one path is affected, one is not.
const KILL: &str = include_str!("tests/kill.jsonl");

/// Allows what was lost and duplicated.
fn allow(history: &mut History) {
    let expect = &mut history.run.schedule.expect;
    (expect.lost, expect.duplicated) = (5, 1);
}

/// Has `other` say that it writes nothing.
fn know(history: &mut History) {
    let declared = history.run.declared.get_or_insert_default();
    declared.writes_nothing.insert("other".to_owned());
}

#[test]
fn every_form_says_what_was_not_checked() {
    let (timeline, report) = report(allow);
    assert_eq!(report.verdict, Verdict::Unknown, "{}", report.why);
    assert!(
        report
            .why
            .starts_with("lost: 1 acknowledged and not stored (log 1); 5 allowed; not checked on other; ")
    );

    let terminal = terminal::render(&report, Style::PLAIN);
    let row = |text: &str, path: &str| text.lines().find(|line| line.starts_with(path)).unwrap().to_owned();
    assert!(row(&terminal, "other").contains("not checked  not checked"), "{terminal}");
    assert!(row(&terminal, "ping").contains("n/a"), "{terminal}");
    assert!(row(&terminal, "log").split_whitespace().collect::<Vec<_>>()[6..8] == ["1", "1"], "{terminal}");
    assert!(terminal.contains("NOT CHECKED lost "), "{terminal}");
    assert!(terminal.contains("\nUNKNOWN  lost: "), "{terminal}");

    let markdown = markdown::render(&report);
    assert!(markdown.contains("| other | 1 | 1 | 0 | 0 | not checked | not checked |"), "{markdown}");
    assert!(markdown.contains("| ping | 1 | 1 | 0 | 0 | n/a | n/a |"), "{markdown}");
    assert!(markdown.contains(" lost (not checked): 1 acknowledged"), "{markdown}");

    let xml = junit::render(&report).unwrap();
    assert_eq!(xml.matches("<skipped ").count(), 5, "{xml}");
    assert!(
        xml.contains("<skipped message=\"1 acknowledged and not stored (log 1); 5 allowed; not checked"),
        "{xml}"
    );

    let json = serde_json::to_value(&report).unwrap();
    let lost = json["checks"].as_array().unwrap().iter().find(|check| check["name"] == "lost").unwrap();
    assert_eq!((&lost["verdict"], &json["verdict"]), (&"not-checked".into(), &"unknown".into()));
    let entries = ["log", "other", "ping"].map(|path| json["paths"][path]["entries"].clone());
    assert_eq!(entries, ["checked", "not-checked", "nothing-written"]);
    assert_eq!(json["paths"]["other"]["lost"], serde_json::Value::Null);

    let page = page(&report, &Details::new(&timeline, &report));
    for part in ["<td>not checked</td>", "<td>n/a</td>", "<tr class=\"not-checked\">"] {
        assert!(page.contains(part), "no {part} in {page}");
    }
    let annotations = annotations::render(&report);
    assert!(annotations.contains("::notice title=s%3A lost (not checked)::"), "{annotations}");
    assert!(annotations.contains("::warning title=s%3A unknown::lost: "), "{annotations}");
}

#[test]
fn a_pass_says_the_numbers_that_it_rests_on() {
    let line = |change: fn(&mut History)| {
        let (_, report) = report(change);
        assert_eq!(report.verdict, Verdict::Pass, "{}", report.why);
        terminal::render(&report, Style::PLAIN)
            .lines()
            .rfind(|line| line.starts_with("PASS  "))
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        line(|history| {
            allow(history);
            know(history);
        }),
        "PASS  4 of 4 operations acknowledged, 1 lost (5 allowed), 1 duplicated (1 allowed)"
    );
    assert_eq!(
        line(|history| {
            allow(history);
            history.run.schedule.expect.entries = crate::scenario::Entries::NotChecked;
        }),
        "PASS  4 of 4 operations acknowledged, 1 lost (5 allowed), 1 duplicated (1 allowed), \
         lost and duplicated not checked on other"
    );
    assert_eq!(
        line(|history| {
            history.run.stored_in.clear();
            history.events.retain(|event| !matches!(event, history::Event::Observe(_)));
            know(history);
            let declared = history.run.declared.get_or_insert_default();
            declared.writes_nothing.insert("log".to_owned());
        }),
        "PASS  4 of 4 operations acknowledged, no path writes entries"
    );
    let (_, lost) = report(know);
    assert_eq!(lost.why, "lost: 1 acknowledged and not stored (log 1)");
}

/// Renders every form that is pinned: the terminal without colour, Markdown, JUnit.
fn forms(report: &Report) -> [(&'static str, String); 3] {
    [
        ("terminal", terminal::render(report, Style::PLAIN)),
        ("markdown", markdown::render(report)),
        ("junit", junit::render(report).unwrap()),
    ]
}

#[test]
fn the_words_of_a_run_without_faults() {
    let (_, report) = report(allow);
    for (form, text) in forms(&report) {
        insta::assert_snapshot!(format!("not_checked_{form}"), text);
    }
}

#[test]
fn the_words_of_a_run_with_a_fault() {
    let (_, report) = judged(&history::read(KILL).unwrap());
    for (form, text) in forms(&report) {
        insta::assert_snapshot!(format!("kill_{form}"), text);
    }
}

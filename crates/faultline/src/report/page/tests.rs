//! The page of histories that were written by hand.

use super::*;
use crate::checker::{self, Verdict};
use crate::history::{self, Event};
use crate::picture::{TimeSpan, bars};
use crate::timeline::Timeline;

/// A run of two seconds with a fault, one lost entry and one that nobody sent, whose message holds markup.
const HISTORY: &str = r#"{"type":"run","version":2,"run":"r1","faultline":"0.1.0","started":"2026-11-27T04:12:31Z","provider":"processes","ready_ms":7,"stored_in":{"log":"logs"},"affected":[["log"]],"system":{"nodes":["broker","mongo"],"links":["broker->mongo:27017"],"entries":["broker"]},"command":"faultline run s.toml --seed 3","schedule":{"version":2,"scenario":"s","shows":"<b>shows</b>","seed":3,"timeout":"5s","payload":256,"in_flight":2000,"streams":[{"path":"log","from":"0s","until":"2s","rate":"2/s","offset":"1us","seed":0}],"faults":[{"kind":"kill","target":"mongo","at":"500ms","until":"1s","seed":8}],"expect":{"lost":0,"duplicated":0,"unexpected":0,"without-fault":"99%","unaffected":"99%","recovers-within":"30s","drains-within":"1min"}},"environment":{"os":"<i>linux</i>"}}
{"type":"invoke","id":"r1-log-000000","path":"log","due":1,"sent":2,"hash":5}
{"type":"settle","id":"r1-log-000000","at":9000,"outcome":"ok","status":200}
{"type":"fault","index":0,"stage":"begin","at":500000}
{"type":"fault","index":0,"stage":"active","at":501000,"evidence":[{"what":"mongo <died>","shown":true}]}
{"type":"invoke","id":"r1-log-000001","path":"log","due":600000,"sent":600001,"hash":5}
{"type":"settle","id":"r1-log-000001","at":700000,"outcome":"fail","status":503,"message":"<script>alert(1)</script>"}
{"type":"node","node":"broker","at":650000,"change":{"not-ready":"waits for <mongo>"}}
{"type":"fault","index":0,"stage":"heal","at":1000000}
{"type":"fault","index":0,"stage":"healed","at":1100000}
{"type":"fault","index":0,"stage":"ready","at":1200000}
{"type":"invoke","id":"r1-log-000002","path":"log","due":1500000,"sent":1500001,"hash":5}
{"type":"settle","id":"r1-log-000002","at":1510000,"outcome":"ok","status":200}
{"type":"load-ended","at":2000000}
{"type":"observe","store":"logs","entries":[{"op":"r1-log-000002","hash":5},{"op":"r1-log-000001","hash":5}]}
{"type":"end","at":2100000,"interrupted":false}
"#;

fn page_of(text: &str) -> (Report, Details, String) {
    let timeline = Timeline::of(&history::read(text).unwrap());
    let report = Report::new(std::path::Path::new("runs/r1"), &timeline.run, checker::judge(&timeline));
    let details = Details::new(&timeline, &report);
    let page = render(&report, &details);
    (report, details, page)
}

#[test]
fn the_page_holds_what_the_report_does() {
    let (report, details, page) = page_of(HISTORY);
    assert_eq!(report.verdict, Verdict::Fail);
    for part in [
        "faultline run s.toml --seed 3",
        "kill mongo",
        "r1-log-000000",
        "acknowledged, status 200",
        "in no store at the end",
        "stored although failed",
        "waits for &lt;mongo&gt;",
        "class=\"node plain faulty\"",
        "<summary>Figures</summary>",
        &report.why,
    ] {
        assert!(page.contains(part), "no \"{part}\" in {page}");
    }
    let wrong: Vec<_> =
        details.traces.iter().map(|trace| (trace.id.as_str(), trace.wrong.join(","))).collect();
    assert_eq!(wrong, [("r1-log-000000", "lost".to_owned()), ("r1-log-000001", "unexpected".to_owned())]);
}

#[test]
fn markup_in_texts_is_text_and_nothing_is_loaded_or_run() {
    let (_, _, page) = page_of(HISTORY);
    for part in ["<script", "<b>", "<i>", "<died>", "http://", "https://", "src=", "@import"] {
        assert!(!page.contains(part), "\"{part}\" is in {page}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

#[test]
fn a_run_that_was_cut_short_or_did_nothing_has_a_page_too() {
    let first = HISTORY.lines().next().unwrap().to_owned() + "\n";
    let (report, _, page) = page_of(&first);
    assert_eq!(report.verdict, Verdict::Unknown);
    assert!(page.contains("unknown") && page.ends_with("</html>"));
    for lines in 1..HISTORY.lines().count() {
        let part: String = HISTORY.lines().take(lines).map(|line| line.to_owned() + "\n").collect();
        assert!(page_of(&part).2.ends_with("</html>"));
    }
    // An earlier lab wrote neither the system nor the command.
    let old = first.replace("\"system\":", "\"of-old\":").replace("\"command\":", "\"of-old-too\":");
    assert!(page_of(&old).2.contains("faultline run scenarios/s.toml --seed 3"));
}

#[test]
fn bars_hold_every_operation_once_and_a_long_run_makes_no_large_page() {
    let history = history::read(HISTORY).unwrap();
    let mut events: Vec<Event> = history.events[..1].to_vec();
    for number in 0..100_000_i64 {
        let (id, due) = (format!("r1-log-{number:06}"), number * 36_000);
        let sent = history::Invoke { id: id.clone(), path: "log".into(), due, sent: due, hash: Some(5) };
        events.push(Event::Invoke(sent));
        let (at, outcome) = (due + 1000 + number % 997, history::Outcome::Ok);
        events.push(Event::Settle(history::Completion {
            id,
            at,
            outcome,
            status: Some(200),
            message: None,
            undeclared: false,
        }));
    }
    let timeline = Timeline::of(&history::History { run: history.run, events });
    let report = Report::new(std::path::Path::new("runs/r1"), &timeline.run, checker::judge(&timeline));
    let details = Details::new(&timeline, &report);
    let span = TimeSpan::finished(&details.over_time, &details.faults, 2.0);
    let bars = bars::bars("log", &details.over_time, span);
    assert_eq!(bars.iter().map(|bar| bar.counts.offered).sum::<u64>(), 100_000);
    assert!(bars.len() <= 150 && span.until == 3600, "{} {span:?}", bars.len());
    assert!(render(&report, &details).len() < 300_000);
}

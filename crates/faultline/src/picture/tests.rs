//! Drawings of our system and of random ones: nothing lies over anything else.

use std::collections::BTreeMap;

use faultline_model::timeline::{Counts, FaultWindow, PathSecond, Second};
use proptest::prelude::*;

use super::area::{Point, Rectangle, text_area};
use super::drawing::ShapeGroup;
use super::*;

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The system of docker-compose.yml while RabbitMQ is down and a link is slow.
fn ours() -> Drawing {
    let node = |name: &str| SystemNode {
        name: name.to_owned(),
        condition: Condition::Ok,
        state: ("\u{2713}".to_owned(), "running".to_owned()),
        ..SystemNode::default()
    };
    let mut nodes: Vec<SystemNode> =
        ["authentication", "broker", "listener", "logger", "mongo", "postgres", "rabbitmq"].map(node).into();
    nodes[6].condition = Condition::Error;
    nodes[6].state = ("\u{2717}".to_owned(), "down".to_owned());
    nodes[6].faults = names(&["kill"]);
    nodes[2].condition = Condition::Pending;
    nodes[2].state = ("!".to_owned(), "not ready".to_owned());
    let link = |(name, rate): (&str, &str)| SystemLink {
        name: name.to_owned(),
        condition: Condition::Ok,
        rate: rate.to_owned(),
        ..SystemLink::default()
    };
    let mut links: Vec<SystemLink> = [
        ("authentication->postgres:5432", "11/s \u{b7} 0.3 ms"),
        ("broker->authentication:80", "6.0/s \u{b7} 78 ms"),
        ("broker->logger:50001", "7.0/s \u{b7} 2.4 ms"),
        ("broker->logger:80", "6.0/s \u{b7} 2.9 ms"),
        ("broker->rabbitmq:5672", "0/s"),
        ("listener->logger:50001", "2.0/s \u{b7} 0.0 ms"),
        ("listener->rabbitmq:5672", "0/s"),
        ("logger->mongo:27017", "14/s \u{b7} 1.4 ms"),
    ]
    .map(link)
    .into();
    for broken in [4, 6] {
        links[broken].condition = Condition::Pending;
        links[broken].trouble = "5.0/s errors".to_owned();
    }
    links[1].faults = names(&["latency", "jitter"]);
    system(&nodes, &links, &names(&["broker"]))
}

/// Estimates the areas of all texts of a shape.
fn text_areas(shape: &Shape) -> Vec<(Rectangle, &str)> {
    match shape {
        Shape::Text { x, y, anchor, lettering, text, .. } => {
            vec![(text_area(text, *lettering, Point { x: *x, y: *y }, *anchor), text)]
        }
        Shape::Group(ShapeGroup { shapes, .. }) | Shape::Pattern { shapes, .. } => {
            shapes.iter().flat_map(text_areas).collect()
        }
        Shape::Path { .. } | Shape::Rect { .. } | Shape::Circle { .. } => Vec::new(),
    }
}

/// Lists the boxes of nodes.
fn boxes(shapes: &[Shape]) -> Vec<Rectangle> {
    let mut found = Vec::new();
    for shape in shapes {
        match shape {
            Shape::Rect { class, x, y, width, height, .. } if class == "box" => {
                found.push(Rectangle::new(*x, *y, *width, *height));
            }
            Shape::Group(ShapeGroup { shapes, .. }) => found.extend(boxes(shapes)),
            _ => {}
        }
    }
    found
}

/// Checks that no text lies over another or over the edge, and no text of a link over a node.
fn check(drawing: &Drawing) -> Result<(), TestCaseError> {
    let texts: Vec<(Rectangle, &str)> = drawing.shapes.iter().flat_map(text_areas).collect();
    for (index, (area, text)) in texts.iter().enumerate() {
        for (other, words) in &texts[..index] {
            prop_assert!(!area.overlaps(*other), "\"{text}\" lies over \"{words}\": {area:?} {other:?}");
        }
        let inside =
            area.left >= -0.1 && area.right <= drawing.width + 0.1 && area.bottom <= drawing.height + 0.1;
        prop_assert!(inside && area.top >= -0.1, "\"{text}\" lies over the edge: {area:?}");
    }
    let boxes = boxes(&drawing.shapes);
    for shape in &drawing.shapes {
        let Shape::Group(ShapeGroup { class, .. }) = shape else { continue };
        for (area, text) in text_areas(shape).iter().filter(|_| class.starts_with("link")) {
            prop_assert!(!boxes.iter().any(|node| node.overlaps(*area)), "\"{text}\" lies over a node");
        }
    }
    Ok(())
}

#[test]
fn every_word_of_our_system_can_be_read() {
    check(&ours()).unwrap();
}

#[test]
fn each_port_of_a_link_is_a_line_of_its_own() {
    let drawing = ours();
    let links = drawing.shapes.iter().filter_map(|shape| match shape {
        Shape::Group(ShapeGroup { target: Some(drawing::ShapeTarget::Link { name }), label, .. })
            if !label.is_empty() =>
        {
            Some((name, label))
        }
        _ => None,
    });
    let links: Vec<_> = links.collect();
    assert_eq!(links.len(), 8);
    assert_eq!(links[2].1, "link broker->logger:50001: 7.0/s \u{b7} 2.4 ms");
    let texts: Vec<(Rectangle, &str)> = drawing.shapes.iter().flat_map(text_areas).collect();
    for port in [":50001 7.0/s", ":80 6.0/s"] {
        assert!(texts.iter().any(|(_, text)| text.starts_with(port)), "{port}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_word_of_any_system_can_be_read(
        links in prop::collection::btree_set((0usize..7, 0usize..7, 80u16..84), 0..16),
        words in prop::collection::vec("[a-z0-9./ ]{0,24}", 16),
        lengths in prop::collection::vec(1usize..30, 7),
        faulty in prop::collection::vec(any::<bool>(), 16),
    ) {
        let name = |index: usize| format!("{index}{}", "n".repeat(lengths[index]));
        let faults = |index: usize| if faulty[index] { names(&["latency", "bandwidth"]) } else { vec![] };
        let nodes: Vec<SystemNode> = (0..7).map(|index| SystemNode {
            name: name(index),
            state: ("!".to_owned(), "not ready".to_owned()),
            faults: faults(index),
            ..SystemNode::default()
        }).collect();
        let links: Vec<SystemLink> = links.into_iter().enumerate().map(|(index, (from, to, port))| SystemLink {
            name: format!("{}->{}:{port}", name(from), name(to)),
            rate: words[index].trim().to_owned(),
            trouble: words[15 - index].trim().to_owned(),
            faults: faults(index),
            ..SystemLink::default()
        }).collect();
        check(&system(&nodes, &links, &[name(0), name(3)]))?;
    }
}

fn second(second: u64, counts: Counts, latency: Option<f64>) -> Second {
    let times = |by: f64| latency.map(|latency| latency * by);
    let figures = PathSecond { counts, p50: latency, p99: times(3.0), max: times(8.0) };
    Second { second, paths: BTreeMap::from([("log".to_owned(), figures)]) }
}

fn fault(index: usize, name: &str, begin: f64, heal: Option<f64>, ready: Option<f64>) -> FaultWindow {
    let micros = |seconds: f64| (seconds * 1e6) as i64;
    FaultWindow {
        index,
        name: name.to_owned(),
        begin: micros(begin),
        active: None,
        heal: heal.map(micros),
        healed: None,
        ready: ready.map(micros),
        evidence: Vec::new(),
        broken: false,
        affected: std::collections::BTreeSet::new(),
    }
}

/// Thirty seconds in which a path fails, and is slow afterwards.
fn thirty_seconds() -> Vec<Second> {
    let counts = |second: u64| match second {
        8 | 9 => Counts { offered: 60, ok: 20, info: 40, ..Counts::default() },
        10..=15 => Counts { offered: 60, fail: 40, dropped: 20, ..Counts::default() },
        _ => Counts { offered: 60, ok: 60, ..Counts::default() },
    };
    let latency = |second: u64| match second {
        10..=15 => None,
        16..=20 => Some(180.0 / (second - 15) as f64),
        other => Some(3.0 + (other * 7 % 5) as f64),
    };
    (0..30).map(|number| second(number, counts(number), latency(number))).collect()
}

fn draw(seconds: &[Second], faults: &[FaultWindow], span: TimeSpan, width: f64) -> Drawing {
    let bars = bars::bars("log", seconds, span);
    chart(&PathChart { path: "log", bars: &bars, faults, span, width })
}

fn classes(shapes: &[Shape]) -> Vec<&str> {
    let mut found = Vec::new();
    for shape in shapes {
        match shape {
            Shape::Group(ShapeGroup { shapes, .. }) => found.extend(classes(shapes)),
            Shape::Path { class, .. } | Shape::Rect { class, .. } => found.push(class),
            _ => {}
        }
    }
    found
}

#[test]
fn a_legend_names_nothing_that_is_not_drawn() {
    let seconds = thirty_seconds();
    let faults = [fault(0, "kill rabbitmq", 8.0, Some(13.0), Some(16.5))];
    let span = TimeSpan::finished(&seconds, &faults, 30.0);
    let drawing = draw(&seconds, &faults, span, 860.0);
    check(&drawing).unwrap();
    let classes = classes(&drawing.shapes);
    for class in ["ok", "fail", "info", "dropped", "offered", "quantile p50", "quantile p99", "quantile max"]
    {
        let number = classes.iter().filter(|other| **other == class).count();
        assert_eq!(number, 2, "{class} stands in the legend and in the plot");
    }
    for class in ["band", "inject", "heal", "active", "recovering"] {
        assert!(classes.contains(&class), "{class}");
    }
}

#[test]
fn a_fault_that_is_active_ends_now_and_not_with_the_plan() {
    let seconds = thirty_seconds();
    let faults = [fault(0, "kill rabbitmq", 8.0, Some(13.0), None)];
    let end = |span: TimeSpan| {
        let drawing = draw(&seconds, &faults, span, 600.0);
        let strips = drawing.shapes.iter().filter_map(|shape| match shape {
            Shape::Group(ShapeGroup { class, shapes, .. }) if class == "fault" => Some(shapes),
            _ => None,
        });
        let ends = strips.flatten().filter_map(|shape| match shape {
            Shape::Rect { x, width, .. } => Some(x + width),
            _ => None,
        });
        ends.fold(0.0, f64::max)
    };
    // A plot from 44 to 586: half of a minute, and all of a run that ended like this.
    assert_eq!(end(TimeSpan::live(&seconds, Some(60.0))), 315.0);
    assert_eq!(end(TimeSpan::finished(&seconds, &faults, 60.0)), 586.0);
}

#[test]
fn a_chart_uses_its_whole_width() {
    let seconds = thirty_seconds();
    let finished = TimeSpan::finished(&seconds, &[], 60.0);
    assert_eq!((finished.from, finished.until, finished.known), (0, 30, 30));
    let late = [fault(0, "kill rabbitmq", 8.0, Some(33.2), Some(40.1))];
    assert_eq!(TimeSpan::finished(&seconds, &late, 60.0).until, 41);
    // A person ends the load; the last second is not over.
    let live = TimeSpan::live(&seconds, None);
    assert_eq!((live.known, live.until), (29, 32));
    assert_eq!(TimeSpan::live(&seconds, Some(60.0)).until, 60);
    assert_eq!(TimeSpan::live(&seconds, Some(86_400.0)).until, 32);
    assert_eq!(TimeSpan::live(&[], None).until, 10);
    // The beginning of a long run is forgotten; that of a slow load is not.
    let late: Vec<Second> = (300..400).map(|at| self::second(at, Counts::default(), None)).collect();
    assert_eq!(TimeSpan::finished(&late, &[], 400.0).from, 300);
    assert_eq!(TimeSpan::live(&seconds[4..], None).from, 0);
    for second in 1..2_000 {
        let seconds: Vec<Second> = (0..second).map(|at| self::second(at, Counts::default(), None)).collect();
        let span = TimeSpan::live(&seconds[seconds.len().saturating_sub(900)..], None);
        let (used, whole) = (span.known - span.from, span.until - span.from);
        assert!(second < 10 || used * 10 >= whole * 7, "{second}: {span:?}");
        assert!(whole.div_ceil(span.bar) <= 151, "{second}: {span:?}");
    }
}

#[test]
fn bars_hold_the_counts_and_the_worst_latencies_of_their_seconds() {
    let seconds: Vec<Second> = (0..900)
        .map(|at| {
            second(at, Counts { offered: 10, ok: 9, fail: 1, ..Counts::default() }, Some(at as f64 + 1.0))
        })
        .collect();
    let span = TimeSpan::finished(&seconds, &[], 0.0);
    let bars = bars::bars("log", &seconds, span);
    assert_eq!((bars.len(), bars[0].seconds), (150, 6));
    assert_eq!(bars.iter().map(|bar| bar.counts.ok).sum::<u64>(), 8_100);
    assert_eq!((bars[0].p50, bars[0].p99, bars[0].max), (Some(3.5), Some(18.0), Some(48.0)));
    assert!((bars[0].rate(bars[0].counts.offered) - 10.0).abs() < 1e-9);
    assert_eq!(chart::summary(&bars), "9.0/s ok of 10/s offered, p99 2.7 s");
    assert!(bars::bars("another", &seconds, span).is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_word_of_any_chart_can_be_read(
        faults in prop::collection::vec((0.0f64..40.0, 0.0f64..10.0, 0.0f64..10.0, "[a-z ]{3,30}"), 0..9),
        length in 1u64..2_000,
        offered in 0u64..5_000_000,
        latency in prop::option::of(0.01f64..100_000.0),
        narrow in any::<bool>(),
    ) {
        let counts = Counts { offered, ok: offered / 2, fail: offered / 3, ..Counts::default() };
        let seconds: Vec<Second> = (0..length.min(900)).map(|at| second(at, counts, latency)).collect();
        let faults: Vec<FaultWindow> = faults.iter().enumerate().map(|(index, (at, lasts, recovers, name))| {
            fault(index, name, *at, Some(at + lasts), Some(at + lasts + recovers))
        }).collect();
        for span in [TimeSpan::finished(&seconds, &faults, 10.0), TimeSpan::live(&seconds, None)] {
            check(&draw(&seconds, &faults, span, if narrow { 560.0 } else { 860.0 }))?;
        }
    }
}

#[test]
fn a_drawing_of_a_long_run_stays_small() {
    let counts = Counts { offered: 1_000, ok: 700, fail: 100, info: 100, dropped: 100 };
    let seconds: Vec<Second> = (0..900).map(|at| second(at, counts, Some(at as f64))).collect();
    let drawing = draw(&seconds, &[], TimeSpan::live(&seconds, None), 600.0);
    // The live lab sends it twice a second for each path.
    let size = serde_json::to_string(&drawing).unwrap().len();
    assert!(size < 70_000, "{size}");
}

//! The system: nodes from left to right, and a line for each link and port.

use std::collections::BTreeMap;

use super::area::{Point, Rectangle, shorten, text_area, text_width};
use super::drawing::{Drawing, Shape, ShapeGroup, ShapeTarget, tenth};
use super::elements::{Condition, SystemLink, SystemNode};
use super::labels::{self, Label};
use super::lettering::{Anchor, Lettering};
use super::plan::{LOAD, MARGIN, NAME, PlannedLink, SystemPlan};
use super::route::{NodePort, Route};

/// Words beside names.
const WORD: Lettering = Lettering::plain(12.0);
const MARK: Lettering = Lettering::bold(12.0);

/// Space between two columns, at least and at most.
const GAPS: (f64, f64) = (110.0, 250.0);

/// Height of one line of a label.
const LINE: f64 = 14.0;

/// Widest label; a longer one is cut.
const LONGEST: f64 = 210.0;

/// Draws a system; `entries` are the nodes that receive the load.
#[must_use]
pub fn system(nodes: &[SystemNode], links: &[SystemLink], entries: &[String]) -> Drawing {
    // A label must fit between two columns, and the lines must be seen beside it.
    let longest = links.iter().map(|link| widest(&label(link, true))).fold(0.0, f64::max);
    let plan = SystemPlan::new(nodes, links, entries, (longest + 50.0).clamp(GAPS.0, GAPS.1));
    let labels: Vec<Vec<LabelLine>> =
        plan.links.iter().map(|planned| label(&links[planned.link], planned.is_parallel)).collect();
    let size = |words: &Vec<LabelLine>| (widest(words), words.len() as f64 * LINE);
    let needed = labels.iter().enumerate().filter(|(_, words)| !words.is_empty());
    let needed: Vec<Label> = needed
        .map(|(route, words)| (route, size(words)))
        .map(|(route, (width, height))| Label { route, width, height })
        .collect();
    let routes: Vec<Route> = plan.links.iter().map(|planned| planned.route.clone()).collect();
    let placed = labels::place(&needed, &routes, &taken(&plan, nodes), plan.width);
    let places: BTreeMap<usize, Rectangle> = needed.iter().map(|label| label.route).zip(placed).collect();

    let mut shapes: Vec<Shape> = plan.loads.iter().map(|port| draw_load(*port)).collect();
    // All lines lie below all labels.
    shapes.extend(plan.links.iter().map(|planned| draw_line(planned, &links[planned.link])));
    for (index, (planned, words)) in plan.links.iter().zip(&labels).enumerate() {
        shapes.push(draw_link(planned, &links[planned.link], words, places.get(&index).copied()));
    }
    shapes.extend(nodes.iter().zip(&plan.boxes).map(|(node, area)| draw_node(node, *area)));
    let marks = if nodes.iter().any(|node| !node.faults.is_empty()) { LINE } else { 0.0 };
    let height = places.values().map(|area| area.bottom + MARGIN).fold(plan.height + marks, f64::max);
    Drawing { width: tenth(plan.width), height: tenth(height), label: describe(nodes, links), shapes }
}

/// One line of a label.
struct LabelLine {
    class: &'static str,
    lettering: Lettering,
    text: String,
}

fn widest(words: &[LabelLine]) -> f64 {
    words.iter().map(|words| text_width(&words.text, words.lettering)).fold(0.0, f64::max)
}

/// Writes the label of a link. Parallel links are told apart by their ports.
fn label(link: &SystemLink, is_parallel: bool) -> Vec<LabelLine> {
    let port = link.parts().map(|(_, _, port)| port).filter(|port| is_parallel && !port.is_empty());
    let port = port.map(|port| format!(":{port}"));
    let first: Vec<&str> = port.iter().map(String::as_str).chain([link.rate.as_str()]).collect();
    let lines = [
        ("rate", WORD, first.join(" ").trim().to_owned()),
        ("mark", MARK, mark(&link.faults)),
        ("trouble", MARK, link.trouble.clone()),
    ];
    let lines = lines.into_iter().filter(|(_, _, text)| !text.is_empty());
    lines
        .map(|(class, lettering, text)| LabelLine {
            class,
            lettering,
            text: shorten(&text, lettering, LONGEST),
        })
        .collect()
}

fn mark(faults: &[String]) -> String {
    if faults.is_empty() { String::new() } else { format!("\u{26a1} {}", faults.join(", ")) }
}

/// Lists the areas that no label may cover.
fn taken(plan: &SystemPlan, nodes: &[SystemNode]) -> Vec<Rectangle> {
    let faulty = nodes.iter().zip(&plan.boxes).filter(|(node, _)| !node.faults.is_empty());
    let marks = faulty.map(|(node, area)| {
        let (text, at) = node_mark(node, *area);
        text_area(&text, MARK, at, Anchor::Middle)
    });
    let loads = plan.loads.iter().map(|port| Rectangle::new(port.at.x - LOAD, port.at.y - 9.0, LOAD, 18.0));
    plan.boxes.iter().copied().chain(marks).chain(loads).collect()
}

/// Returns the mark below a faulty node, and its place.
fn node_mark(node: &SystemNode, area: Rectangle) -> (String, Point) {
    let text = shorten(&mark(&node.faults), MARK, area.width());
    (text, Point { x: area.middle().x, y: area.bottom + 15.0 })
}

fn draw_load(port: NodePort) -> Shape {
    let Point { x, y } = port.at;
    let shapes = vec![
        Shape::path("line", format!("M{:.1} {y:.1}H{:.1}", x - 40.0, x - 8.0)),
        Shape::path("head", format!("M{x:.1} {y:.1}l-9 -4.5v9z")),
        Shape::text("state", Point { x: x - 46.0, y: y + 4.0 }, Anchor::End, WORD, "load"),
    ];
    Shape::Group(ShapeGroup { class: "load".to_owned(), shapes, ..ShapeGroup::default() })
}

/// Draws the line of a link, with a reach around it that a pointer meets.
fn draw_line(planned: &PlannedLink, link: &SystemLink) -> Shape {
    let line = planned.route.line();
    let shapes = vec![
        Shape::path("reach", line.clone()),
        Shape::path("line", line),
        Shape::path("head", planned.route.head()),
    ];
    Shape::Group(ShapeGroup {
        class: class("wire", link.condition, !link.faults.is_empty()),
        title: link.name.clone(),
        target: Some(ShapeTarget::Link { name: link.name.clone() }),
        shapes,
        ..ShapeGroup::default()
    })
}

/// Draws the label of a link above all lines, and a glow along its line for the focus and the choice.
fn draw_link(
    planned: &PlannedLink,
    link: &SystemLink,
    words: &[LabelLine],
    place: Option<Rectangle>,
) -> Shape {
    let mut shapes = vec![Shape::path("glow", planned.route.line())];
    if let Some(area) = place {
        shapes.push(Shape::rect("plate", area.grown(2.0), 3.0));
        for (row, LabelLine { class, lettering, text }) in words.iter().enumerate() {
            let at = Point { x: area.middle().x, y: area.top + row as f64 * LINE + 11.0 };
            shapes.push(Shape::text(class, at, Anchor::Middle, *lettering, text));
        }
    }
    Shape::Group(ShapeGroup {
        class: class("link", link.condition, !link.faults.is_empty()),
        title: link.name.clone(),
        label: format!("link {}: {}", link.name, link.words()),
        target: Some(ShapeTarget::Link { name: link.name.clone() }),
        shapes,
    })
}

fn draw_node(node: &SystemNode, area: Rectangle) -> Shape {
    let SystemNode { name, state: (sign, word), detail, faults, .. } = node;
    let x = area.middle().x;
    let middle = area.middle().y;
    let first = if word.is_empty() { middle + 5.0 } else { middle - 3.0 };
    let mut shapes = vec![
        Shape::rect("box", area, 8.0),
        Shape::text(
            "name",
            Point { x, y: first },
            Anchor::Middle,
            NAME,
            shorten(name, NAME, area.width() - 8.0),
        ),
    ];
    if !word.is_empty() {
        let text = format!("{sign} {word}");
        shapes.push(Shape::text("state", Point { x, y: middle + 16.0 }, Anchor::Middle, WORD, text));
    }
    if !faults.is_empty() {
        let (text, at) = node_mark(node, area);
        shapes.push(Shape::text("mark", at, Anchor::Middle, MARK, text));
    }
    let parts = [word.clone(), detail.clone(), faults.join(", ")];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    Shape::Group(ShapeGroup {
        class: class("node", node.condition, !faults.is_empty()),
        title: if detail.is_empty() { name.clone() } else { format!("{name}: {detail}") },
        label: format!("node {name}: {}", parts.join(", ")),
        target: Some(ShapeTarget::Node { name: name.clone() }),
        shapes,
    })
}

// Colours are in the style sheet alone, where a page has a light and a dark set of them.
fn class(what: &str, condition: Condition, is_faulty: bool) -> String {
    let condition = match condition {
        Condition::Plain => "plain",
        Condition::Ok => "ok",
        Condition::Pending => "pending",
        Condition::Error => "error",
    };
    format!("{what} {condition}{}", if is_faulty { " faulty" } else { "" })
}

fn describe(nodes: &[SystemNode], links: &[SystemLink]) -> String {
    let names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
    let ways: Vec<&str> = links.iter().map(|link| link.name.as_str()).collect();
    let node_faults = nodes.iter().map(|node| (&node.name, &node.faults));
    let faults = node_faults.chain(links.iter().map(|link| (&link.name, &link.faults)));
    let faults = faults.filter(|(_, faults)| !faults.is_empty());
    let faults: Vec<String> =
        faults.map(|(name, faults)| format!("{} of {name}", faults.join(" and "))).collect();
    let faults = if faults.is_empty() { "none".to_owned() } else { faults.join(", ") };
    format!("Nodes: {}. Links: {}. Faults: {faults}.", names.join(", "), ways.join(", "))
}

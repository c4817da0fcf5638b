//! Every fault there is, with its keys: for a terminal, as Markdown, and as JSON. All of it is read from
//! [`crate::scenario::fault::kind`] and [`faultline_toxics::KINDS`], where the faults are.

use std::fmt::Write;

use serde::Serialize;

use super::style::Style;
use crate::scenario::fault::kind;
use crate::scenario::fault::{FaultKind, TargetKind};
use faultline_toxics::{Action, Attribute};

/// How a link is named.
const LINK: &str = "the link, `from->to` or `from->to:port`";

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Its name: the `kind` of a scenario, and the `type` of a toxic.
    pub name: &'static str,
    /// What it does.
    pub about: &'static str,
    /// To what: a node, a link, or groups of nodes.
    pub done_to: &'static str,
    /// Whether it is a toxic, which `faultline proxy` has too.
    pub is_toxic: bool,
    /// Whether Toxiproxy has it.
    pub of_toxiproxy: bool,
    /// What it can be given.
    pub parameters: Vec<Parameter>,
    /// How it is done where nodes are processes.
    pub with_processes: &'static str,
    /// How it is done where nodes are containers.
    pub with_containers: &'static str,
}

/// What a fault can be given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parameter {
    /// Its key in a scenario, and its name in Toxiproxy's API.
    pub name: &'static str,
    /// What it counts in Toxiproxy's API; empty for a mere number or a word. Scenarios write times as `200ms`.
    pub unit: &'static str,
    /// What it is if it is not given; none where it must be.
    pub default: Option<&'static str>,
    /// What it means.
    pub about: &'static str,
}

/// All faults.
#[must_use]
pub fn entries() -> Vec<Entry> {
    kind::all().map(entry).collect()
}

fn entry(kind: FaultKind) -> Entry {
    let (with_processes, with_containers) = how(kind);
    Entry {
        name: kind.name(),
        about: kind.about(),
        done_to: match kind.place() {
            TargetKind::Node => "a node",
            TargetKind::Link => "a link",
            TargetKind::Groups => "groups of nodes",
        },
        is_toxic: kind.spec().is_some(),
        of_toxiproxy: kind.spec().is_some_and(|spec| spec.of_toxiproxy),
        parameters: parameters(kind),
        with_processes,
        with_containers,
    }
}

fn how(kind: FaultKind) -> (&'static str, &'static str) {
    match kind {
        FaultKind::Kill => ("SIGKILL to each process of the node", "the engine kills the container"),
        FaultKind::Stop => ("the signal that the node's maker intends", "the engine stops the container"),
        FaultKind::Pause => ("SIGSTOP to each process of the node", "the engine pauses the container"),
        FaultKind::Down | FaultKind::Partition | FaultKind::Toxic(_) => {
            ("in the proxy of the link", "in the proxy of the link")
        }
    }
}

fn parameters(kind: FaultKind) -> Vec<Parameter> {
    let word = |name, default, about| Parameter { name, unit: "", default, about };
    let Some(spec) = kind.spec() else {
        return match kind.place() {
            TargetKind::Node => vec![word("node", None, "the node")],
            TargetKind::Link => vec![word("link", None, LINK)],
            TargetKind::Groups => vec![
                word("nodes", None, "the nodes that are cut off"),
                word("from", None, "the nodes that they are cut off from"),
                word(
                    "direction",
                    Some("both"),
                    "`outbound`: what the nodes send does not arrive; `inbound`: what is sent to them does not; `both`",
                ),
            ],
        };
    };
    let mut list = vec![word("link", None, LINK)];
    list.extend(spec.attributes.iter().map(of_attribute));
    if matches!(spec.action, Action::Bytes(_)) {
        list.push(word(
            "stream",
            Some("both"),
            "`upstream`: what the client sends; `downstream`: what the server sends; `both`",
        ));
    }
    list.push(word(
        "toxicity",
        Some("1"),
        "the share of connections that it acts on, drawn for each by the seed",
    ));
    list
}

fn of_attribute(attribute: &Attribute) -> Parameter {
    let default = if attribute.needed { None } else { Some("0") };
    Parameter { name: attribute.name, unit: attribute.unit, default, about: attribute.about }
}

impl Parameter {
    /// Like `latency (ms)`.
    fn title(&self) -> String {
        if self.unit.is_empty() { self.name.to_owned() } else { format!("{} ({})", self.name, self.unit) }
    }
}

/// The catalogue for a terminal.
#[must_use]
pub fn render(entries: &[Entry], style: Style) -> String {
    let mut text = String::new();
    for entry in entries {
        let _ = writeln!(text, "{}  {}", style.bold(entry.name), style.dim(&origin(entry)));
        let _ = writeln!(text, "    {}", entry.about);
        for parameter in &entry.parameters {
            let default =
                parameter.default.map_or("needed".to_owned(), |default| format!("default {default}"));
            let about = parameter.about.replace('`', "");
            let _ = writeln!(text, "    {:<22} {default:<12} {about}", parameter.title());
        }
        let _ = writeln!(text, "    {}", style.dim(&providers(entry)));
    }
    text
}

fn origin(entry: &Entry) -> String {
    let whose = match (entry.is_toxic, entry.of_toxiproxy) {
        (true, true) => ", a toxic that Toxiproxy has too",
        (true, false) => ", a toxic",
        (false, _) => "",
    };
    format!("of {}{whose}", entry.done_to)
}

fn providers(entry: &Entry) -> String {
    if entry.with_processes == entry.with_containers {
        return format!("processes and containers: {}", entry.with_processes);
    }
    format!("processes: {}; containers: {}", entry.with_processes, entry.with_containers)
}

/// The catalogue as Markdown; `docs/faults.md` is this.
#[must_use]
pub fn markdown(entries: &[Entry]) -> String {
    let mut text = "# Faults\n\nMade by `faultline faults --output markdown`; a test holds it to what is built.\n\n\
        Each is a `[[fault]]` of a scenario, with `kind`, `at` and `for` besides the keys below. Times are written \
        with their unit there (`latency = \"200ms\"`), other values as whole numbers. The toxics are toxics of \
        `faultline proxy` and `--proxy-api` too, with the same names, where all values are whole numbers in the units \
        below; there `stream` is one of the two, `downstream` if it is left out, and any other value that is left out \
        is 0.\n"
        .to_owned();
    for entry in entries {
        let _ = write!(text, "\n## {}\n\nOf {}", entry.name, origin(entry).trim_start_matches("of "));
        let _ = write!(text, ": {}.\n\n| key | unit | default | |\n| --- | --- | --- | --- |\n", entry.about);
        for parameter in &entry.parameters {
            let default = parameter.default.unwrap_or("needed");
            let _ = writeln!(
                text,
                "| `{}` | {} | {default} | {} |",
                parameter.name, parameter.unit, parameter.about
            );
        }
        let _ = writeln!(text, "\nWith {}.", providers(entry));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_is_what_is_built() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/faults.md");
        let written = std::fs::read_to_string(path).unwrap();
        let again = "make it again: scripts/faultline faults --output markdown > docs/faults.md";
        assert!(written == markdown(&entries()), "{again}");
    }

    #[test]
    fn every_toxic_but_the_one_that_does_nothing_is_a_fault() {
        let toxics = entries().iter().filter(|entry| entry.is_toxic).count();
        assert_eq!(toxics, faultline_toxics::KINDS.len() - 1);
    }
}

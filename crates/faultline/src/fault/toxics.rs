//! Toxics that a fault installs on links, each under a name of its own, and the evidence of their effects.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::probe;
use crate::history::Evidence;
use crate::scenario::PlannedFault;
use crate::stack::Stack;
use crate::stack::topology::Link;
use faultline_toxics::{Action, Direction, NewToxic, Toxic, ToxicKind, ToxicSettings};

/// Longest time for connections to release a toxic that was removed.
const RELEASED_WITHIN: Duration = Duration::from_secs(5);

/// Toxics of a fault, with their links.
#[derive(Debug)]
pub(super) struct InstalledToxics {
    kind: &'static ToxicKind,
    toxics: Vec<(Link, String)>,
}

/// Installs the toxic of a fault on its link, in its directions. `entry` makes the name unique.
pub(super) async fn inject(
    stack: &Stack,
    fault: &PlannedFault,
    entry: u64,
) -> Option<(InstalledToxics, Vec<Evidence>)> {
    let (spec, planned) = (fault.kind.spec()?, fault.toxic.as_ref()?);
    let streams = match spec.action {
        Action::Bytes(_) => planned.stream.each(),
        // A toxic of arrivals has no direction; one entry is enough.
        Action::Arrival(_) => &[Direction::Upstream],
    };
    let links = stack.topology().links_named(&fault.target);
    let mut installed = InstalledToxics { kind: spec, toxics: Vec::new() };
    for stream in streams {
        for link in &links {
            let toxic = NewToxic {
                toxicity: planned.toxicity,
                ..toxic(entry, *stream, planned.settings(fault.kind)?, fault.seed)
            };
            installed.add(stack, link, toxic).await;
        }
    }
    let values: Vec<String> = planned.values.iter().map(|(name, value)| format!(" {name} {value}")).collect();
    let number = match installed.links() {
        1 => "1 link".to_owned(),
        number => format!("{number} links"),
    };
    let text = format!("{}{} on {number} of {}", spec.name, values.join(","), fault.target);
    // The evidence of an effect follows at the heal: an idle link shows none until a connection uses it.
    let is_whole = !links.is_empty() && installed.len() == links.len() * streams.len();
    let evidence = vec![Evidence::new(text, is_whole)];
    Some((installed, evidence))
}

/// Makes a toxic for every connection, under a name that is the fault's own.
pub(super) fn toxic(entry: u64, direction: Direction, settings: ToxicSettings, seed: u64) -> NewToxic {
    NewToxic {
        // A proxy refuses a toxic whose name it has. Other faults, and clients of the proxy API,
        // have names of their own.
        name: format!("fault_{entry}_{}_{}", settings.spec().name, direction.name()),
        direction,
        direction_text: None,
        toxicity: 1.0,
        settings,
        // The fault's own, so that a run that is repeated draws the same, whatever else was added to
        // the proxy before.
        seed: Some(seed),
    }
}

impl InstalledToxics {
    /// Makes an empty set for toxics of one kind.
    pub(super) fn new(kind: &'static ToxicKind) -> Self {
        Self { kind, toxics: Vec::new() }
    }

    /// Installs a toxic on a link. A link that refuses it is not counted.
    pub(super) async fn add(&mut self, stack: &Stack, link: &Link, toxic: NewToxic) {
        let name = toxic.name.clone();
        if stack.links().add(&[link], &toxic).await > 0 {
            self.toxics.push((link.clone(), name));
        }
    }

    /// Counts the toxics.
    pub(super) fn len(&self) -> usize {
        self.toxics.len()
    }

    /// Counts the links with a toxic.
    pub(super) fn links(&self) -> usize {
        self.distinct().len()
    }

    fn distinct(&self) -> Vec<&Link> {
        let mut links: Vec<&Link> = self.toxics.iter().map(|(link, _)| link).collect();
        links.sort_unstable();
        links.dedup();
        links
    }
}

/// Removes the toxics, and returns the evidence of their effects, and that no connection has one any more and new
/// connections are accepted.
pub(super) async fn heal(stack: &Stack, target: &str, installed: InstalledToxics) -> Vec<Evidence> {
    // All are removed before any evidence is collected: a partition ends on every link at about
    // the same time.
    let mut removed = Vec::new();
    for (link, name) in &installed.toxics {
        removed.extend(stack.links().remove(&[link], name).await);
    }
    let mut evidence =
        vec![effect(installed.kind, target, &removed), released(installed.kind, &removed).await];
    for link in installed.distinct() {
        let takes = probe::takes_connections(stack, link).await;
        evidence.push(Evidence::new(format!("{} accepts connections", link.name()), takes));
    }
    evidence
}

/// Sums up the effects of toxics.
fn effect(kind: &ToxicKind, target: &str, removed: &[Arc<Toxic>]) -> Evidence {
    let connections: u64 = removed.iter().map(|toxic| toxic.effects().connections()).sum();
    let bytes: u64 = removed.iter().map(|toxic| toxic.effects().bytes()).sum();
    // A toxic counts the connections of its own direction, so with both of them a connection counts twice.
    let is_one_way = removed.windows(2).all(|pair| pair[0].direction == pair[1].direction);
    let connections_of = if is_one_way { "connections of" } else { "directions of connections of" };
    let text = match kind.action {
        Action::Arrival(_) => format!("{connections} connections of {target} were {}", kind.effect),
        Action::Bytes(_) if bytes == 0 => {
            format!("{connections} {connections_of} {target} were {}", kind.effect)
        }
        Action::Bytes(_) => {
            format!("{} {bytes} bytes on {connections} {connections_of} {target}", kind.effect)
        }
    };
    Evidence::new(text, connections > 0)
}

/// Waits until no connection has one of the toxics.
async fn released(kind: &ToxicKind, removed: &[Arc<Toxic>]) -> Evidence {
    // A connection drops its copy when it notices the removal, which takes a moment.
    let until = Instant::now() + RELEASED_WITHIN;
    // One count of each is that of `removed` itself.
    let holders = || removed.iter().map(|toxic| Arc::strong_count(toxic) - 1).sum::<usize>();
    while holders() > 0 && Instant::now() < until {
        // Polled, since nothing wakes a task when a count of an `Arc` falls.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Evidence::new(format!("{} connections still have the {} toxic", holders(), kind.name), holders() == 0)
}

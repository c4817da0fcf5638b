//! Toxics that a fault puts on links, each under a name of its own, and what they have done when they are taken away.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::probe;
use crate::history::Evidence;
use crate::scenario::PlannedFault;
use crate::stack::Stack;
use crate::stack::topology::Link;
use faultline_toxics::{Action, Direction, NewToxic, Toxic, ToxicKind, ToxicSettings};

/// Time that connections have to let go of a toxic that is gone.
const LET_GO_WITHIN: Duration = Duration::from_secs(5);

/// The toxics of a fault.
#[derive(Debug)]
pub(super) struct Put {
    kind: &'static ToxicKind,
    toxics: Vec<(Link, String)>,
}

/// Puts the toxic of a fault on its link, in the directions that it wants. `entry` makes the name its own.
pub(super) async fn begin(stack: &Stack, fault: &PlannedFault, entry: u64) -> Option<(Put, Vec<Evidence>)> {
    let (spec, planned) = (fault.kind.spec()?, fault.toxic.as_ref()?);
    let streams = match spec.action {
        Action::Bytes(_) => planned.stream.each(),
        Action::Arrival(_) => &[Direction::Upstream],
    };
    let links = stack.topology().links_named(&fault.target);
    let mut put = Put { kind: spec, toxics: Vec::new() };
    for stream in streams {
        for link in &links {
            let toxic = NewToxic {
                toxicity: planned.toxicity,
                ..toxic(entry, *stream, planned.settings(fault.kind)?, fault.seed)
            };
            put.add(stack, link, toxic).await;
        }
    }
    let given: Vec<String> = planned.values.iter().map(|(name, value)| format!(" {name} {value}")).collect();
    let links = match links.len() {
        1 => "1 link".to_owned(),
        number => format!("{number} links"),
    };
    let told = format!("{}{} on {links} of {}", spec.name, given.join(","), fault.target);
    let evidence = vec![Evidence::new(told, !put.toxics.is_empty())];
    Some((put, evidence))
}

/// A toxic for every connection, under a name that is the fault's own.
pub(super) fn toxic(entry: u64, direction: Direction, settings: ToxicSettings, seed: u64) -> NewToxic {
    NewToxic {
        name: format!("fault_{entry}_{}_{}", settings.spec().name, direction.name()),
        direction,
        direction_text: None,
        toxicity: 1.0,
        settings,
        seed: Some(seed),
    }
}

impl Put {
    /// None yet.
    pub(super) fn new(kind: &'static ToxicKind) -> Self {
        Self { kind, toxics: Vec::new() }
    }

    /// Puts one on a link.
    pub(super) async fn add(&mut self, stack: &Stack, link: &Link, toxic: NewToxic) {
        let name = toxic.name.clone();
        stack.links().add(&[link], &toxic).await;
        self.toxics.push((link.clone(), name));
    }

    /// How many links have one.
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

/// Takes the toxics away. What is returned shows what they did, that no connection has one any more, and that new
/// connections come in.
pub(super) async fn undo(stack: &Stack, target: &str, put: Put) -> Vec<Evidence> {
    let mut removed = Vec::new();
    for (link, name) in &put.toxics {
        removed.extend(stack.links().remove(&[link], name).await);
    }
    let mut evidence = vec![hit(put.kind, target, &removed), let_go(put.kind, &removed).await];
    for link in put.distinct() {
        let takes = probe::takes_connections(stack, link).await;
        evidence.push(Evidence::new(format!("{} takes connections", link.name()), takes));
    }
    evidence
}

/// What they have done.
fn hit(kind: &ToxicKind, target: &str, removed: &[Arc<Toxic>]) -> Evidence {
    let connections: u64 = removed.iter().map(|toxic| toxic.effects().connections()).sum();
    let bytes: u64 = removed.iter().map(|toxic| toxic.effects().bytes()).sum();
    let told = match kind.action {
        Action::Arrival(_) => format!("{connections} connections on {target} were {}", kind.effect),
        Action::Bytes(_) if bytes == 0 => {
            format!("{connections} directions of connections on {target} were {}", kind.effect)
        }
        Action::Bytes(_) => format!(
            "{connections} directions of connections on {target} were {}, {bytes} bytes of theirs",
            kind.effect
        ),
    };
    Evidence::new(told, connections > 0)
}

/// Waits until no connection has one of them.
async fn let_go(kind: &ToxicKind, removed: &[Arc<Toxic>]) -> Evidence {
    let until = Instant::now() + LET_GO_WITHIN;
    let held = || removed.iter().map(|toxic| Arc::strong_count(toxic) - 1).sum::<usize>();
    while held() > 0 && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Evidence::new(format!("{} connections have the {} still", held(), kind.name), held() == 0)
}

//! A partition: every link between two groups of nodes is half open, in both directions or one.

use super::toxics::{self, InstalledToxics};
use crate::history::Evidence;
use crate::scenario::PlannedFault;
use crate::scenario::fault::{PartitionDirection, PlannedPartition};
use crate::stack::Stack;
use crate::stack::topology::Link;
use faultline_toxics::{Direction, HALF_OPEN, ToxicSettings};

/// Installs half-open toxics on every link between the groups.
pub(super) async fn inject(
    stack: &Stack,
    fault: &PlannedFault,
    entry: u64,
) -> Option<(InstalledToxics, Vec<Evidence>)> {
    let partition = fault.partition.as_ref()?;
    let mut installed = InstalledToxics::new(&HALF_OPEN);
    let mut wanted = 0;
    // Half open, not cut: connections stay open and nothing passes, not even a reset, as when a switch dies.
    for link in &stack.topology().links {
        for stream in silent(partition, link) {
            let toxic = toxics::toxic(entry, *stream, ToxicSettings::new(&HALF_OPEN), fault.seed);
            installed.add(stack, link, toxic).await;
            wanted += 1;
        }
    }
    let text = format!("silenced {} links between {}", installed.links(), fault.target);
    let evidence = vec![Evidence::new(text, wanted > 0 && installed.len() == wanted)];
    Some((installed, evidence))
}

/// Returns the directions of a link in which nothing may pass.
fn silent(partition: &PlannedPartition, link: &Link) -> &'static [Direction] {
    let has = |group: &[String], node: &str| group.iter().any(|name| name == node);
    let out = has(&partition.nodes, &link.from) && has(&partition.from, &link.to);
    let back = has(&partition.from, &link.from) && has(&partition.nodes, &link.to);
    match (out, back, partition.direction) {
        // Links within a group, and those of other nodes, stay as they are: a partition separates
        // its two groups alone.
        (false, false, _) => &[],
        (_, _, PartitionDirection::Both) => &[Direction::Upstream, Direction::Downstream],
        (true, _, PartitionDirection::Outbound) | (false, true, PartitionDirection::Inbound) => {
            &[Direction::Upstream]
        }
        (true, _, PartitionDirection::Inbound) | (false, true, PartitionDirection::Outbound) => {
            &[Direction::Downstream]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_silent_depends_on_who_connects() {
        let link = |from: &str, to: &str| Link { from: from.to_owned(), to: to.to_owned(), port: 1 };
        let partition = |direction| PlannedPartition {
            nodes: vec!["a".to_owned()],
            from: vec!["b".to_owned()],
            direction,
        };
        for (direction, to, back) in [
            (
                PartitionDirection::Both,
                &[Direction::Upstream, Direction::Downstream][..],
                &[Direction::Upstream, Direction::Downstream][..],
            ),
            (PartitionDirection::Outbound, &[Direction::Upstream], &[Direction::Downstream]),
            (PartitionDirection::Inbound, &[Direction::Downstream], &[Direction::Upstream]),
        ] {
            assert_eq!(silent(&partition(direction), &link("a", "b")), to, "{direction:?}");
            assert_eq!(silent(&partition(direction), &link("b", "a")), back, "{direction:?}");
            assert_eq!(silent(&partition(direction), &link("a", "c")), [], "{direction:?}");
        }
    }
}

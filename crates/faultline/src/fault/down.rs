//! A link is cut: its connections end and new ones are refused.

use super::error::FaultError;
use super::prior::PriorState;
use super::probe::takes_connections;
use crate::history::Evidence;
use crate::proxy::Snapshot;
use crate::stack::Stack;

/// Cuts a link.
pub(super) async fn inject(stack: &Stack, target: &str) -> (PriorState, Vec<Evidence>) {
    let links = stack.topology().links_named(target);
    let before = stack.links().counters(&links);
    stack.links().cut(&links).await;
    // Read again after the cut: a connection that was accepted just before it is none that passed it.
    let after = stack.links().counters(&links);
    let cut = after.since(before).cut;
    // No evidence on a link without connections: a cut that nobody could notice proves nothing.
    let mut evidence = vec![Evidence::new(format!("cut {cut} connections on {target}"), cut > 0)];
    // Probed from outside, since the counters of the proxy would only repeat what the proxy believes.
    for link in links {
        let refused = !takes_connections(stack, link).await;
        evidence.push(Evidence::new(format!("{} refuses connections", link.name()), refused));
    }
    (PriorState::Counters(after), evidence)
}

/// Opens a link again.
pub(super) async fn heal(stack: &Stack, target: &str, before: Snapshot) -> Result<Vec<Evidence>, FaultError> {
    let links = stack.topology().links_named(target);
    // Read before the link is opened, after which connections are as they should be.
    let passed = stack.links().counters(&links).since(before).accepted;
    stack.links().heal(&links).await?;
    let mut evidence = vec![Evidence::new(format!("{target} accepted no connection meanwhile"), passed == 0)];
    for link in links {
        evidence.push(Evidence::new(
            format!("{} accepts connections again", link.name()),
            takes_connections(stack, link).await,
        ));
    }
    Ok(evidence)
}

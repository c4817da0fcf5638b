//! A link is cut: its connections end and new ones are refused.

use super::probe::takes_connections;
use super::{Before, FaultError};
use crate::history::Evidence;
use crate::proxy::Snapshot;
use crate::stack::Stack;

pub(super) async fn begin(stack: &Stack, target: &str) -> (Before, Vec<Evidence>) {
    let links = stack.topology().links_named(target);
    let before = stack.links().counters(&links);
    stack.links().cut(&links).await;
    let cut = stack.links().counters(&links).since(before).cut;
    let mut evidence = vec![Evidence::new(format!("{cut} connections on {target} were cut"), cut > 0)];
    for link in links {
        let refused = !takes_connections(stack, link).await;
        evidence.push(Evidence::new(format!("{} refuses connections", link.name()), refused));
    }
    (Before::Counters(before), evidence)
}

pub(super) async fn undo(stack: &Stack, target: &str, before: Snapshot) -> Result<Vec<Evidence>, FaultError> {
    let links = stack.topology().links_named(target);
    let passed = stack.links().counters(&links).since(before).accepted;
    stack.links().heal(&links).await?;
    let mut evidence =
        vec![Evidence::new(format!("no connection on {target} came through meanwhile"), passed == 0)];
    for link in links {
        evidence.push(Evidence::new(
            format!("{} takes connections again", link.name()),
            takes_connections(stack, link).await,
        ));
    }
    Ok(evidence)
}

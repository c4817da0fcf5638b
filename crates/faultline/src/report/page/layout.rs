//! Where nodes are drawn: each as far to the right as the longest way to it, beside where its links come from.

use std::collections::{BTreeMap, BTreeSet};

/// Links, from and to.
pub(super) type Edges = BTreeSet<(String, String)>;

/// The column and the row of every node, both from 0; a column with fewer nodes than another is centred.
pub(super) fn places(names: &[String], edges: &Edges) -> BTreeMap<String, (f64, f64)> {
    let columns = columns(names, edges);
    let last = columns.values().copied().max().unwrap_or(0);
    let mut ordered: Vec<Vec<&String>> = vec![Vec::new(); last + 1];
    for (name, column) in &columns {
        ordered[*column].push(name);
    }
    // An edge comes from a column before, so that this is in order when it is used.
    for at in 1..ordered.len() {
        let (before, rest) = ordered.split_at_mut(at);
        let height = |name: &String| mean_height(name, edges, before);
        rest[0].sort_by(|a, b| height(a).total_cmp(&height(b)));
    }
    let used: Vec<&Vec<&String>> = ordered.iter().filter(|column| !column.is_empty()).collect();
    let tallest = used.iter().map(|column| column.len()).max().unwrap_or(0) as f64;
    let mut places = BTreeMap::new();
    for (left, column) in used.into_iter().enumerate() {
        let top = (tallest - column.len() as f64) / 2.0;
        for (row, name) in column.iter().enumerate() {
            places.insert((*name).clone(), (left as f64, top + row as f64));
        }
    }
    places
}

fn columns(names: &[String], edges: &Edges) -> BTreeMap<String, usize> {
    let mut column: BTreeMap<String, usize> = names.iter().map(|name| (name.clone(), 0)).collect();
    let most = column.len();
    // Once for each node is enough, and an end where links go in a circle.
    for _ in 0..most {
        for (from, to) in edges {
            let behind = column.get(from).map_or(0, |place| place + 1);
            if let Some(place) = column.get_mut(to)
                && *place < behind
                && behind < most
            {
                *place = behind;
            }
        }
    }
    // One that nobody reaches stands right before what it reaches, not at the far left.
    for name in names.iter().filter(|name| !edges.iter().any(|(_, to)| to == *name)) {
        let reached = edges.iter().filter(|(from, _)| from == name).filter_map(|(_, to)| column.get(to));
        if let Some(nearest) = reached.min().copied() {
            column.insert(name.clone(), nearest.saturating_sub(1));
        }
    }
    column
}

/// How high, as a share of their columns, the nodes stand that links to this one come from.
fn mean_height(name: &String, edges: &Edges, before: &[Vec<&String>]) -> f64 {
    let height = |from: &String| {
        let column = before.iter().find(|column| column.contains(&from))?;
        let row = column.iter().position(|other| *other == from)?;
        Some((row as f64 + 0.5) / column.len() as f64)
    };
    let heights: Vec<f64> =
        edges.iter().filter(|(_, to)| to == name).filter_map(|(from, _)| height(from)).collect();
    if heights.is_empty() { 0.5 } else { heights.iter().sum::<f64>() / heights.len() as f64 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn edges(list: &[(&str, &str)]) -> Edges {
        list.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect()
    }

    #[test]
    fn links_go_to_the_right_and_do_not_cross_without_need() {
        let names = ["load", "broker", "listener", "auth", "logger", "mongo", "postgres"].map(str::to_owned);
        let places = places(
            &names,
            &edges(&[
                ("load", "broker"),
                ("broker", "auth"),
                ("broker", "logger"),
                ("listener", "logger"),
                ("auth", "postgres"),
                ("logger", "mongo"),
            ]),
        );
        let column = |name: &str| places[name].0;
        assert_eq!([column("load"), column("broker"), column("listener")], [0.0, 1.0, 1.0]);
        assert_eq!((places["postgres"].1 < places["mongo"].1), (places["auth"].1 < places["logger"].1));
    }

    proptest! {
        #[test]
        fn no_two_nodes_stand_on_each_other_whatever_the_links(
            links in prop::collection::btree_set((0usize..8, 0usize..8), 0..20),
        ) {
            let name = |number: usize| format!("n{number}");
            let names: Vec<String> = (0..8).map(name).collect();
            let edges = links.into_iter().map(|(from, to)| (name(from), name(to))).collect();
            let places = places(&names, &edges);
            prop_assert_eq!(places.len(), 8);
            let distinct: BTreeSet<String> = places.values().map(|place| format!("{place:?}")).collect();
            prop_assert_eq!(distinct.len(), 8);
        }
    }
}

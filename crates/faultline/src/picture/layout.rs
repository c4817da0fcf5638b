//! Columns and rows of nodes: each node one column to the right of those that link to it, beside where its links come
//! from.

use std::collections::BTreeSet;

/// A column and a row, both from 0; rows of a column with fewer than another are centred.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct GridSlot {
    pub(super) column: usize,
    pub(super) row: f64,
}

/// Places for the nodes and links of a graph.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    pub(super) columns: usize,
    pub(super) rows: usize,
    /// Place of each node.
    pub(super) nodes: Vec<GridSlot>,
    /// Free places of each link in the columns that it crosses.
    pub(super) crossings: Vec<Vec<GridSlot>>,
}

/// Places nodes `0..nodes` with links between them.
pub(super) fn layout(nodes: usize, links: &[(usize, usize)]) -> Layout {
    let forward = forward(nodes, links);
    let column = columns(nodes, links, &forward);
    let mut ranks: Vec<Vec<usize>> = vec![Vec::new(); column.iter().max().map_or(0, |last| last + 1)];
    for (node, column) in column.iter().enumerate() {
        ranks[*column].push(node);
    }
    let mut chains: Vec<Vec<usize>> = Vec::new();
    let mut items = nodes;
    for (from, to) in links {
        let (first, last) = (column[*from].min(column[*to]), column[*from].max(column[*to]));
        // As in Sugiyama's method, a long link has a placeholder in each column that it crosses,
        // which is ordered like a node and keeps the place free.
        let mut between = Vec::new();
        for rank in ranks.iter_mut().take(last).skip(first + 1) {
            rank.push(items);
            between.push(items);
            items += 1;
        }
        if column[*to] < column[*from] {
            between.reverse();
        }
        chains.push([vec![*from], between, vec![*to]].concat());
    }
    order(&mut ranks, &chains);
    let rows = ranks.iter().map(Vec::len).max().unwrap_or(0);
    let mut slots = vec![GridSlot { column: 0, row: 0.0 }; items];
    for (column, rank) in ranks.iter().enumerate() {
        let top = (rows - rank.len()) as f64 / 2.0;
        for (row, item) in rank.iter().enumerate() {
            slots[*item] = GridSlot { column, row: top + row as f64 };
        }
    }
    let crossings =
        chains.iter().map(|chain| chain[1..chain.len() - 1].iter().map(|item| slots[*item]).collect());
    Layout { columns: ranks.len(), rows, crossings: crossings.collect(), nodes: slots[..nodes].to_vec() }
}

/// Finds the links that close no circle.
fn forward(nodes: usize, links: &[(usize, usize)]) -> Vec<bool> {
    let mut reach: Vec<BTreeSet<usize>> = (0..nodes).map(|node| BTreeSet::from([node])).collect();
    let mut forward = Vec::new();
    for (from, to) in links {
        // A link that closes a circle takes no part in the columns, which it would push to the right
        // in every round.
        let is_forward = !reach[*to].contains(from);
        if is_forward {
            let beyond = reach[*to].clone();
            for reached in reach.iter_mut().filter(|reached| reached.contains(from)) {
                reached.extend(&beyond);
            }
        }
        forward.push(is_forward);
    }
    forward
}

fn columns(nodes: usize, links: &[(usize, usize)], forward: &[bool]) -> Vec<usize> {
    let mut column = vec![0; nodes];
    let ahead = || links.iter().zip(forward).filter(|(_, forward)| **forward).map(|(link, _)| *link);
    // A chain has fewer links than there are nodes, so no column moves after as many rounds.
    for _ in 0..nodes {
        for (from, to) in ahead() {
            column[to] = column[to].max(column[from] + 1);
        }
    }
    // A node that nobody links to stands right before the nodes that it links to, not at the far left.
    for node in (0..nodes).filter(|node| ahead().all(|(_, to)| to != *node)) {
        let nearest = ahead().filter(|(from, _)| *from == node).map(|(_, to)| column[to]).min();
        // Not below 0: a node that another links to is in column 1 or later.
        column[node] = nearest.map_or(0, |nearest| nearest - 1);
    }
    column
}

/// Orders each column by the mean height of its neighbours, to the right and back, so that few links cross.
fn order(ranks: &mut [Vec<usize>], chains: &[Vec<usize>]) {
    let steps: Vec<(usize, usize)> =
        chains.iter().flat_map(|chain| chain.windows(2).map(|pair| (pair[0], pair[1]))).collect();
    let back: Vec<(usize, usize)> = steps.iter().map(|(from, to)| (*to, *from)).collect();
    for _ in 0..3 {
        for at in 1..ranks.len() {
            sort(ranks, at, at - 1, &steps);
        }
        for at in (1..ranks.len()).rev() {
            sort(ranks, at - 1, at, &back);
        }
    }
    for at in 1..ranks.len() {
        sort(ranks, at, at - 1, &steps);
    }
}

fn sort(ranks: &mut [Vec<usize>], at: usize, beside: usize, steps: &[(usize, usize)]) {
    let neighbours = ranks[beside].clone();
    let own = ranks[at].clone();
    let share = |place: usize, of: usize| (place as f64 + 0.5) / of.max(1) as f64;
    let height = |item: &usize| {
        let from = steps.iter().filter(|(_, to)| to == item).filter_map(|(from, _)| {
            neighbours.iter().position(|other| other == from).map(|place| share(place, neighbours.len()))
        });
        let heights: Vec<f64> = from.collect();
        match heights.len() {
            // An item without neighbours there stays where it is.
            0 => share(own.iter().position(|other| other == item).unwrap_or(0), own.len()),
            some => heights.iter().sum::<f64>() / some as f64,
        }
    };
    // The sort is stable, so items of the same height keep their order.
    ranks[at].sort_by(|a, b| height(a).total_cmp(&height(b)));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn links_go_to_the_right_and_do_not_cross_without_need() {
        // broker, listener, authentication, logger, mongo, postgres
        let found = layout(6, &[(0, 2), (0, 3), (1, 3), (2, 5), (3, 4)]);
        let column = |node: usize| found.nodes[node].column;
        assert_eq!([0, 1, 2, 3, 4, 5].map(column), [0, 0, 1, 1, 2, 2]);
        let row = |node: usize| found.nodes[node].row;
        assert_eq!(row(5) < row(4), row(2) < row(3));
        assert_eq!(row(0) < row(1), row(2) < row(3));
    }

    #[test]
    fn a_long_link_has_a_place_of_its_own_in_each_column_that_it_crosses() {
        let found = layout(3, &[(0, 1), (1, 2), (0, 2)]);
        assert_eq!((found.columns, found.rows, found.crossings[2].len()), (3, 2, 1));
        assert_ne!(found.crossings[2][0].row, found.nodes[1].row);
    }

    #[test]
    fn a_circle_ends() {
        let found = layout(3, &[(0, 1), (1, 2), (2, 0), (1, 1)]);
        assert_eq!(found.nodes.iter().map(|slot| slot.column).collect::<Vec<_>>(), [0, 1, 2]);
    }

    proptest! {
        #[test]
        fn no_two_nodes_stand_on_each_other_whatever_the_links(
            links in prop::collection::vec((0usize..8, 0usize..8), 0..20),
        ) {
            let found = layout(8, &links);
            let places = found.nodes.iter().chain(found.crossings.iter().flatten());
            let distinct: BTreeSet<String> = places.clone().map(|slot| format!("{slot:?}")).collect();
            prop_assert_eq!(distinct.len(), places.count());
        }
    }
}

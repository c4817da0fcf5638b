//! Places of everything in the picture of a system: boxes of nodes, their ports, the routes of links.

use std::collections::BTreeMap;

use super::area::{Point, Rectangle, text_width};
use super::elements::{SystemLink, SystemNode};
use super::layout::{GridSlot, Layout, layout};
use super::lettering::Lettering;
use super::route::{NodePort, NodeSide, Route};

/// Names of nodes.
pub(super) const NAME: Lettering = Lettering::bold(14.0);

/// Space that an arriving load takes at the left of a node.
pub(super) const LOAD: f64 = 84.0;

/// Width of a node, at least and at most.
const WIDTHS: (f64, f64) = (124.0, 220.0);

/// Height of a node, at least.
const HEIGHT: f64 = 50.0;

/// Distance between two ports of a node.
const PORT: f64 = 14.0;

/// Distance between the control points of two parallel links.
const PARALLEL: f64 = 36.0;

/// Space between two rows.
const ROW_GAP: f64 = 44.0;

/// Space around everything.
pub(super) const MARGIN: f64 = 12.0;

/// Geometry of a system.
pub(super) struct SystemPlan {
    pub(super) width: f64,
    pub(super) height: f64,
    /// Box of each node.
    pub(super) boxes: Vec<Rectangle>,
    pub(super) links: Vec<PlannedLink>,
    /// Ports at which a load arrives.
    pub(super) loads: Vec<NodePort>,
}

/// A link with its curve.
pub(super) struct PlannedLink {
    /// Number in the list of links.
    pub(super) link: usize,
    pub(super) route: Route,
    /// True if there are others between the same nodes.
    pub(super) is_parallel: bool,
}

/// A link between nodes by their numbers.
#[derive(Clone, Copy)]
struct Edge {
    link: usize,
    pair: (usize, usize),
}

/// The purpose of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Load(usize),
    Start(usize),
    End(usize),
}

/// A port before it has its place at the side of its node.
struct Junction {
    node: usize,
    side: NodeSide,
    role: Role,
    /// Row of the other end.
    row: f64,
}

impl SystemPlan {
    /// Places nodes and links; `gap` is the space between two columns. Links of unknown nodes are left out.
    pub(super) fn new(nodes: &[SystemNode], links: &[SystemLink], entries: &[String], gap: f64) -> Self {
        let edges = edges(nodes, links);
        let mut pairs: Vec<(usize, usize)> = edges.iter().map(|edge| edge.pair).collect();
        pairs.sort_unstable();
        pairs.dedup();
        let grid = layout(nodes.len(), &pairs);
        let loaded = (0..nodes.len()).filter(|node| entries.contains(&nodes[*node].name));
        let arrivals = arrivals(&edges, loaded, &grid);
        let sizes = NodeSizes::new(nodes, &arrivals, &grid, gap);
        let boxes: Vec<Rectangle> = grid.nodes.iter().map(|slot| sizes.node(*slot)).collect();
        let ports = ports(&boxes, arrivals);
        let loads = ports.iter().filter(|(role, _)| matches!(role, Role::Load(_))).map(|(_, port)| *port);
        let planned = edges.iter().enumerate().filter_map(|(index, edge)| {
            let (start, end) = (ports.get(&Role::Start(index))?, ports.get(&Role::End(index))?);
            let same: Vec<usize> = (0..edges.len()).filter(|other| edges[*other].pair == edge.pair).collect();
            let place = same.iter().position(|other| *other == index)?;
            let beside = place as f64 - (same.len() - 1) as f64 / 2.0;
            let crossed = &grid.crossings[pairs.binary_search(&edge.pair).ok()?];
            let through = sizes.through(crossed, start.side, beside * PORT);
            let route = Route::new(*start, &through, *end, beside * PARALLEL);
            Some(PlannedLink { link: edge.link, route, is_parallel: same.len() > 1 })
        });
        let (width, height) = (sizes.width(grid.columns), sizes.height(grid.rows));
        Self { width, height, links: planned.collect(), loads: loads.collect(), boxes }
    }
}

fn edges(nodes: &[SystemNode], links: &[SystemLink]) -> Vec<Edge> {
    let number = |name: &str| nodes.iter().position(|node| node.name == name);
    let edge = |(link, planned): (usize, &SystemLink)| {
        let (from, to, _) = planned.parts()?;
        Some(Edge { link, pair: (number(from)?, number(to)?) })
    };
    links.iter().enumerate().filter_map(edge).collect()
}

/// Lists every end of a link, and the arriving loads.
fn arrivals(edges: &[Edge], loaded: impl Iterator<Item = usize>, grid: &Layout) -> Vec<Junction> {
    let row = |node: usize| grid.nodes[node].row;
    let load = |node| Junction { node, side: NodeSide::Left, role: Role::Load(node), row: row(node) };
    let mut arrivals: Vec<Junction> = loaded.map(load).collect();
    for (index, Edge { pair: (from, to), .. }) in edges.iter().enumerate() {
        let (start, end) = match grid.nodes[*from].column.cmp(&grid.nodes[*to].column) {
            std::cmp::Ordering::Less => (NodeSide::Right, NodeSide::Left),
            std::cmp::Ordering::Equal => (NodeSide::Right, NodeSide::Right),
            std::cmp::Ordering::Greater => (NodeSide::Left, NodeSide::Right),
        };
        arrivals.push(Junction { node: *from, side: start, role: Role::Start(index), row: row(*to) });
        arrivals.push(Junction { node: *to, side: end, role: Role::End(index), row: row(*from) });
    }
    arrivals
}

/// Distributes the ports of each side, in the order of their other ends.
fn ports(boxes: &[Rectangle], mut arrivals: Vec<Junction>) -> BTreeMap<Role, NodePort> {
    // In the order of the rows at their other ends, so that lines do not cross at the node.
    arrivals.sort_by(|a, b| (a.node, a.side).cmp(&(b.node, b.side)).then(a.row.total_cmp(&b.row)));
    let mut ports = BTreeMap::new();
    for same in arrivals.chunk_by(|a, b| (a.node, a.side) == (b.node, b.side)) {
        for (place, Junction { node, side, role, .. }) in same.iter().enumerate() {
            let area = boxes[*node];
            let x = if *side == NodeSide::Left { area.left } else { area.right };
            let y = area.middle().y + (place as f64 - (same.len() - 1) as f64 / 2.0) * PORT;
            ports.insert(*role, NodePort { side: *side, at: Point { x, y } });
        }
    }
    ports
}

/// Sizes that all nodes and columns share.
struct NodeSizes {
    node: (f64, f64),
    left: f64,
    gap: f64,
}

impl NodeSizes {
    fn new(nodes: &[SystemNode], arrivals: &[Junction], grid: &Layout, gap: f64) -> Self {
        let widest = nodes.iter().map(|node| text_width(&node.name, NAME)).fold(0.0, f64::max);
        let mut counts: BTreeMap<(usize, NodeSide), usize> = BTreeMap::new();
        for arrival in arrivals {
            *counts.entry((arrival.node, arrival.side)).or_default() += 1;
        }
        let most = counts.values().copied().max().unwrap_or(0);
        let is_loaded = |arrival: &Junction| {
            matches!(arrival.role, Role::Load(_)) && grid.nodes[arrival.node].column == 0
        };
        Self {
            node: ((widest + 24.0).clamp(WIDTHS.0, WIDTHS.1), HEIGHT.max(most as f64 * PORT + 8.0)),
            left: if arrivals.iter().any(is_loaded) { MARGIN + LOAD } else { MARGIN },
            gap,
        }
    }

    fn node(&self, slot: GridSlot) -> Rectangle {
        let (width, height) = self.node;
        let left = self.left + slot.column as f64 * (width + self.gap);
        Rectangle::new(left, MARGIN + slot.row * (height + ROW_GAP), width, height)
    }

    /// Returns the free spans of the columns that a link crosses, in its direction.
    fn through(&self, crossed: &[GridSlot], leaves: NodeSide, down: f64) -> Vec<(Point, Point)> {
        let span = |slot: &GridSlot| {
            let area = self.node(*slot);
            let y = area.middle().y + down;
            let (left, right) = (Point { x: area.left, y }, Point { x: area.right, y });
            if leaves == NodeSide::Right { (left, right) } else { (right, left) }
        };
        crossed.iter().map(span).collect()
    }

    fn width(&self, columns: usize) -> f64 {
        let columns = columns.max(1) as f64;
        // The margin takes the bend of links within the last column.
        self.left + columns * self.node.0 + (columns - 1.0) * self.gap + MARGIN
    }

    fn height(&self, rows: usize) -> f64 {
        let rows = rows.max(1) as f64;
        2.0 * MARGIN + rows * self.node.1 + (rows - 1.0) * ROW_GAP
    }
}

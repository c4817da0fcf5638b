// Where the nodes of a system are drawn: from left to right in the order in which requests go, one column a step.
import type { System } from "./live";

/** A place in the picture. */
export interface Place {
  x: number;
  y: number;
}

/** The picture: its size, and where each node's middle is. */
export interface Layout {
  width: number;
  height: number;
  places: Record<string, Place>;
}

/** Width and height of a node. */
export const NODE = { width: 128, height: 52 };
const GAP = { x: 210, y: 66 };
const EDGE = 14;

/** Steps from an entry to each node, the longest way; a node that nobody reaches begins like one that connects out. */
function columns(system: System): Record<string, number> {
  const column: Record<string, number> = Object.fromEntries(system.nodes.map((node) => [node, 0]));
  // As often as there are nodes at most: a circle of links does not end by itself.
  for (let round = 0; round < system.nodes.length; round += 1) {
    let moved = false;
    for (const { from, to } of system.links) {
      const wanted = (column[from] ?? 0) + 1;
      if (wanted > (column[to] ?? 0) && wanted < system.nodes.length) {
        column[to] = wanted;
        moved = true;
      }
    }
    if (!moved) break;
  }
  return column;
}

/** Beside where its links come from, so that few of them cross; those that nothing comes from keep their order. */
function byOrigin(system: System, before: readonly string[][]): (a: string, b: string) => number {
  const height = (node: string) => {
    const heights = system.links.flatMap(({ from, to }) => {
      if (to !== node) return [];
      const row = before.find((row) => row.includes(from));
      return row === undefined ? [] : [(row.indexOf(from) + 0.5) / row.length];
    });
    return heights.length === 0 ? 0.5 : heights.reduce((a, b) => a + b, 0) / heights.length;
  };
  return (a, b) => height(a) - height(b);
}

/** Places every node. */
export function layout(system: System): Layout {
  const column = columns(system);
  const last = Math.max(0, ...Object.values(column));
  const rows: string[][] = Array.from({ length: last + 1 }, () => []);
  const order = [...system.nodes].sort((a, b) => Number(system.entries.includes(b)) - Number(system.entries.includes(a)));
  for (const node of order) rows[column[node] ?? 0]?.push(node);
  rows.forEach((row, index) => row.sort(byOrigin(system, rows.slice(0, index))));
  const most = Math.max(1, ...rows.map((row) => row.length));
  const height = most * NODE.height + (most - 1) * GAP.y + 2 * EDGE;
  const width = (last + 1) * NODE.width + last * GAP.x + 2 * EDGE;
  const places: Record<string, Place> = {};
  rows.forEach((row, x) => {
    const used = row.length * NODE.height + (row.length - 1) * GAP.y;
    row.forEach((node, y) => {
      places[node] = {
        x: EDGE + NODE.width / 2 + x * (NODE.width + GAP.x),
        y: (height - used) / 2 + NODE.height / 2 + y * (NODE.height + GAP.y),
      };
    });
  });
  return { width, height, places };
}

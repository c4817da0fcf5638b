// The system as a graph: what goes on on each link, and how each node is. A click on either opens what can be done to it.
import type { KeyboardEvent } from "react";
import { type Layout, layout, NODE, type Place } from "./layout";
import type { LinkLook, NodeLook, State, System } from "./live";
import { millis, rate } from "./numbers";

/** A node or a link that was chosen. */
export interface Target {
  kind: "node" | "link";
  name: string;
}

interface Props {
  system: System;
  state: State;
  chosen: Target | undefined;
  choose: (target: Target) => void;
}

/** How a node is, as a sign, a word and a class. */
export function nodeSign(look: NodeLook | undefined): { sign: string; word: string; kind: string } {
  if (look === undefined) return { sign: "…", word: "unknown", kind: "pending" };
  if (look.state === "running") {
    return look.ready ? { sign: "✓", word: "running", kind: "ok" } : { sign: "!", word: "not ready", kind: "pending" };
  }
  if (look.state === "paused") return { sign: "‖", word: "paused", kind: "error" };
  return { sign: "✗", word: look.state, kind: "error" };
}

/** How a link is, as a class. */
function linkKind(look: LinkLook | undefined): string {
  if (look === undefined) return "pending";
  if (!look.enabled || look.toxics.length > 0) return "error";
  return look.errors > 0 ? "pending" : "ok";
}

/** What goes on on a link, in two short lines. */
function linkLines(look: LinkLook | undefined): [string, string] {
  if (look === undefined) return ["", ""];
  const answers = `${rate(look.answers)}/s`;
  const first = look.p50_ms === null ? answers : `${answers} · ${millis(look.p50_ms)}`;
  const errors = look.errors > 0 ? `${rate(look.errors)}/s lost` : "";
  const faults = look.enabled ? look.toxics.join(", ") : "cut";
  return [first, [faults, errors].filter((part) => part !== "").join(" · ")];
}

const pressed = (go: () => void) => (event: KeyboardEvent) => {
  if (event.key !== "Enter" && event.key !== " ") return;
  event.preventDefault();
  go();
};

/** The graph. */
export function Graph({ system, state, chosen, choose }: Props) {
  const plan = layout(system);
  const is = (kind: Target["kind"], name: string) => chosen?.kind === kind && chosen.name === name;
  return (
    <svg
      className="graph"
      viewBox={`0 0 ${plan.width} ${plan.height}`}
      role="group"
      aria-label="The system: nodes and links. Choose one to do a fault to it."
    >
      <defs>
        <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
          <path d="M0 0 L8 4 L0 8 z" className="arrowhead" />
        </marker>
      </defs>
      {system.links.map((link) => (
        <LinkShape
          key={link.name}
          link={link}
          plan={plan}
          bend={bend(system, link)}
          look={state.links[link.name]}
          isChosen={is("link", link.name)}
          choose={() => choose({ kind: "link", name: link.name })}
        />
      ))}
      {system.nodes.map((node) => (
        <NodeShape
          key={node}
          node={node}
          place={plan.places[node] ?? { x: 0, y: 0 }}
          look={state.nodes[node]}
          isChosen={is("node", node)}
          choose={() => choose({ kind: "node", name: node })}
        />
      ))}
    </svg>
  );
}

/** How far a link is bent away from others between the same nodes. */
function bend(system: System, link: System["links"][number]): number {
  const same = system.links.filter(({ from, to }) => from === link.from && to === link.to);
  return (same.findIndex(({ name }) => name === link.name) - (same.length - 1) / 2) * 44;
}

interface LinkProps {
  link: System["links"][number];
  plan: Layout;
  bend: number;
  look: LinkLook | undefined;
  isChosen: boolean;
  choose: () => void;
}

function LinkShape({ link, plan, bend, look, isChosen, choose }: LinkProps) {
  const [from, to] = [plan.places[link.from], plan.places[link.to]];
  if (from === undefined || to === undefined) return null;
  const [a, b] = ends(from, to);
  const middle = (a.x + b.x) / 2;
  const handles: [Place, Place] = [
    { x: middle, y: a.y + bend },
    { x: middle, y: b.y + bend },
  ];
  // Links that cross do so in the middle: their words stand before it or behind it, as they go up or down.
  const words = along([a, ...handles, b], b.y < a.y ? 0.33 : b.y > a.y ? 0.67 : 0.5);
  const [first, second] = linkLines(look);
  const path = `M${a.x} ${a.y} C${handles.map(({ x, y }) => `${x} ${y}`).join(", ")}, ${b.x} ${b.y}`;
  return (
    <g
      className={`link ${linkKind(look)}${isChosen ? " chosen" : ""}`}
      role="button"
      tabIndex={0}
      aria-pressed={isChosen}
      aria-label={`link ${link.name}: ${[first, second].filter((line) => line !== "").join(", ") || "quiet"}`}
      onClick={choose}
      onKeyDown={pressed(choose)}
    >
      <title>{link.name}</title>
      <path className="reach" d={path} />
      <path className="line" d={path} markerEnd="url(#arrow)" />
      <text x={words.x} y={words.y - 5} textAnchor="middle">
        {first}
      </text>
      <text x={words.x} y={words.y + 13} textAnchor="middle" className="trouble">
        {second}
      </text>
    </g>
  );
}

/** A point of a Bézier curve of four points. */
function along([a, b, c, d]: [Place, Place, Place, Place], t: number): Place {
  const [p, q, r, s] = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t ** 2 * (1 - t), t ** 3];
  return { x: p * a.x + q * b.x + r * c.x + s * d.x, y: p * a.y + q * b.y + r * c.y + s * d.y };
}

/** Where a link leaves and arrives: at the sides of its nodes. */
function ends(from: Place, to: Place): [Place, Place] {
  if (from.x === to.x) {
    const down = Math.sign(to.y - from.y);
    return [
      { x: from.x, y: from.y + (down * NODE.height) / 2 },
      { x: to.x, y: to.y - (down * NODE.height) / 2 },
    ];
  }
  const right = Math.sign(to.x - from.x);
  return [
    { x: from.x + (right * NODE.width) / 2, y: from.y },
    { x: to.x - (right * NODE.width) / 2, y: to.y },
  ];
}

interface NodeProps {
  node: string;
  place: Place;
  look: NodeLook | undefined;
  isChosen: boolean;
  choose: () => void;
}

function NodeShape({ node, place, look, isChosen, choose }: NodeProps) {
  const { sign, word, kind } = nodeSign(look);
  return (
    <g
      className={`node ${kind}${isChosen ? " chosen" : ""}`}
      role="button"
      tabIndex={0}
      aria-pressed={isChosen}
      aria-label={`node ${node}: ${word}${look?.says ? `, ${look.says}` : ""}`}
      transform={`translate(${place.x - NODE.width / 2} ${place.y - NODE.height / 2})`}
      onClick={choose}
      onKeyDown={pressed(choose)}
    >
      <title>{look?.says || node}</title>
      <rect width={NODE.width} height={NODE.height} rx="8" />
      <text x={NODE.width / 2} y="22" textAnchor="middle" className="name">
        {node}
      </text>
      <text x={NODE.width / 2} y="40" textAnchor="middle" className="state">
        {sign} {word}
      </text>
    </g>
  );
}

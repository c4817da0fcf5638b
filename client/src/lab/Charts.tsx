// What became of the operations of each path over time, with the faults as bands over it.
import { type ReactNode, useState } from "react";
import { Table } from "../table/Table";
import { type Bin, bins, widthOf } from "./bins";
import type { Fault, State } from "./live";
import { millis, rate, roundUp } from "./numbers";

const WIDTH = 520;
const HEIGHT = 120;
const LEFT = 46;
const BOTTOM = 18;
const TOP = 6;
/** Seconds that a chart shows at least. */
const SHORTEST = 30;

/** Signs of the parts of a bar, from below; each has a pattern of its own besides its colour. */
const PARTS = [
  ["ok", "ok"],
  ["info", "unknown"],
  ["fail", "refused"],
  ["dropped", "not sent"],
] as const;

/** The charts of every path that is loaded. */
export function Charts({ state }: { state: State }) {
  const { run, seconds, faults } = state;
  if (run === null || seconds.length === 0) {
    return <p className="quiet">Nothing was sent yet. Begin a load, and what becomes of it is drawn here.</p>;
  }
  const last = seconds.at(-1)?.second ?? 0;
  const first = seconds[0]?.second ?? 0;
  const width = widthOf(last - first);
  const from = Math.floor(first / width) * width;
  const span = { from, until: Math.max(last + 1, from + SHORTEST), last: last + 1, width };
  return (
    <>
      <Patterns />
      <Legend />
      <div className="charts">
        {run.paths.map((path) => (
          <PathCharts key={path} path={path} bars={bins(seconds, path, width)} faults={faults} span={span} />
        ))}
      </div>
    </>
  );
}

/** What the parts of a bar are filled with, so that colour is not all that tells them apart. */
function Patterns() {
  return (
    <svg width="0" height="0" className="patterns" aria-hidden="true">
      <defs>
        <pattern id="fill-info" width="4" height="4" patternUnits="userSpaceOnUse">
          <rect width="4" height="4" className="ground" />
          <circle cx="2" cy="2" r="1.1" className="info" />
        </pattern>
        <pattern id="fill-fail" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect width="5" height="5" className="ground" />
          <rect width="3" height="5" className="fail" />
        </pattern>
        <pattern id="fill-dropped" width="5" height="5" patternUnits="userSpaceOnUse">
          <rect width="5" height="5" className="ground" />
          <rect width="5" height="1.5" className="dropped" />
        </pattern>
        <pattern id="fill-band" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">
          <rect width="1.5" height="7" className="stripe" />
        </pattern>
      </defs>
    </svg>
  );
}

function Legend() {
  return (
    <p className="legend">
      {PARTS.map(([key, word]) => (
        <span key={key}>
          <svg width="14" height="14" aria-hidden="true">
            <rect width="14" height="14" className={`part ${key}`} />
          </svg>{" "}
          {word}
        </span>
      ))}
      <span>
        <svg width="14" height="14" aria-hidden="true">
          <path d="M0 7 H14" className="offered" />
        </svg>{" "}
        offered
      </span>
      <span>
        <svg width="14" height="14" aria-hidden="true">
          <rect width="14" height="14" className="band" />
        </svg>{" "}
        a fault, until all are ready again
      </span>
    </p>
  );
}

interface Span {
  from: number;
  until: number;
  /** Until when something is known. */
  last: number;
  width: number;
}

interface PathProps {
  path: string;
  bars: Bin[];
  faults: readonly Fault[];
  span: Span;
}

function PathCharts({ path, bars, faults, span }: PathProps) {
  const [isOpen, setOpen] = useState(false);
  const now = bars.at(-2) ?? bars.at(-1);
  const told =
    now === undefined ? "" : `${rate(now.ok)}/s ok of ${rate(now.offered)}/s, p99 ${now.p99 === null ? "–" : millis(now.p99)}`;
  return (
    <section className="path" aria-label={`path ${path}`}>
      <h3>
        {path} <small>{told}</small>
      </h3>
      <Rates bars={bars} faults={faults} span={span} label={`${path}: operations a second. ${told}`} />
      <Latencies bars={bars} faults={faults} span={span} label={`${path}: latency. ${told}`} />
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>figures</summary>
        {isOpen && <FigureTable bars={bars} />}
      </details>
    </section>
  );
}

const across = (span: Span, at: number) =>
  LEFT + ((at - span.from) / Math.max(1, span.until - span.from)) * (WIDTH - LEFT);
const along = (top: number, value: number) => TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM);

interface ChartProps {
  bars: Bin[];
  faults: readonly Fault[];
  span: Span;
  label: string;
}

function Rates({ bars, faults, span, label }: ChartProps) {
  const top = roundUp(Math.max(1, ...bars.map(({ offered }) => offered)));
  const wide = Math.max(1, across(span, span.from + span.width) - LEFT - 0.5);
  const line = bars.map((bar) => {
    const y = along(top, bar.offered).toFixed(1);
    return `M${across(span, bar.at).toFixed(1)} ${y} h${wide.toFixed(1)}`;
  });
  return (
    <Frame faults={faults} span={span} top={`${rate(top)}/s`} label={label}>
      {bars.map((bar) => {
        let below = 0;
        return PARTS.map(([key]) => {
          const [from, to] = [along(top, below), along(top, below + bar[key])];
          below += bar[key];
          if (bar[key] === 0) return null;
          const x = across(span, bar.at);
          return <rect key={`${bar.at}${key}`} className={`part ${key}`} x={x} y={to} width={wide} height={from - to} />;
        });
      })}
      <path className="offered" d={line.join("")} />
    </Frame>
  );
}

function Latencies({ bars, faults, span, label }: ChartProps) {
  const top = roundUp(Math.max(1, ...bars.map(({ max }) => max ?? 0)));
  const line = (key: "p50" | "p99" | "max") => {
    let isDown = false;
    return bars
      .map((bar) => {
        const value = bar[key];
        const move = isDown ? "L" : "M";
        isDown = value !== null;
        if (value === null) return "";
        return `${move}${across(span, bar.at + span.width / 2).toFixed(1)} ${along(top, value).toFixed(1)}`;
      })
      .join("");
  };
  return (
    <Frame faults={faults} span={span} top={millis(top)} label={label}>
      {(["max", "p99", "p50"] as const).map((key) => (
        <path key={key} className={`quantile ${key}`} d={line(key)}>
          <title>{key}</title>
        </path>
      ))}
      <text x={WIDTH - 4} y={TOP + 10} textAnchor="end" className="note">
        p50 —, p99 - -, max ···
      </text>
    </Frame>
  );
}

interface FrameProps {
  faults: readonly Fault[];
  span: Span;
  top: string;
  label: string;
  children: ReactNode;
}

function Frame({ faults, span, top, label, children }: FrameProps) {
  const inside = (at: number) => Math.min(WIDTH, Math.max(LEFT, across(span, at)));
  const base = HEIGHT - BOTTOM;
  return (
    <svg className="chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      {children}
      {faults.map((fault) => {
        const [from, until] = [inside(fault.begin), inside(fault.ready ?? span.last)];
        return (
          <rect
            key={fault.index}
            className="band"
            x={from}
            y={TOP}
            width={Math.max(1, until - from)}
            height={base - TOP}
          >
            <title>{fault.what}</title>
          </rect>
        );
      })}
      <path className="axis" d={`M${LEFT} ${TOP} V${base} H${WIDTH}`} />
      <text x={LEFT - 5} y={TOP + 9} textAnchor="end">
        {top}
      </text>
      <text x={LEFT - 5} y={base} textAnchor="end">
        0
      </text>
      <text x={LEFT} y={HEIGHT - 4}>
        {span.from} s
      </text>
      <text x={WIDTH} y={HEIGHT - 4} textAnchor="end">
        {span.until} s
      </text>
    </svg>
  );
}

function FigureTable({ bars }: { bars: Bin[] }) {
  const titles = ["second", "offered", "ok", "unknown", "refused", "not sent", "p50", "p99", "max"];
  const figure = (value: number | null) => (value === null ? "–" : value.toFixed(1));
  return (
    <Table label="figures of each bar" titles={titles}>
      {bars.map((bar) => (
        <tr key={bar.at}>
          <th scope="row">{bar.at}</th>
          {[bar.offered, bar.ok, bar.info, bar.fail, bar.dropped].map((value, index) => (
            <td key={titles[index + 1]}>{rate(value)}</td>
          ))}
          {[bar.p50, bar.p99, bar.max].map((value, index) => (
            <td key={titles[index + 6]}>{figure(value)}</td>
          ))}
        </tr>
      ))}
    </Table>
  );
}

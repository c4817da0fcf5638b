// Types of the lab's data. The names are those of the lab's API.
import type { Drawing } from "./picture/drawing";

/** The part of the lab that does not change while it runs. */
export interface System {
  nodes: string[];
  links: { name: string; from: string; to: string }[];
  /** Nodes that the load goes to. */
  entries: string[];
  paths: { name: string; stores: boolean }[];
  faults: FaultKind[];
  can_load: boolean;
}

/** A kind of fault. */
export interface FaultKind {
  name: string;
  about: string;
  done_to: string;
  parameters: { name: string; unit: string; default: string | null; about: string }[];
}

/** A node at one moment. */
export interface NodeLook {
  state: "absent" | "running" | "paused" | "down" | "dead" | "lost";
  ready: boolean;
  says: string;
}

/** A link in the last second; rates are a second. */
export interface LinkLook {
  open: number;
  connects: number;
  upstream: number;
  downstream: number;
  errors: number;
  answers: number;
  p50_ms: number | null;
  p99_ms: number | null;
  toxics: string[];
  enabled: boolean;
}

/** Operations of a path that were due in one second; latencies in milliseconds. */
export interface Figures {
  offered: number;
  ok: number;
  fail: number;
  info: number;
  dropped: number;
  p50: number | null;
  p99: number | null;
  max: number | null;
}

/** One second of all paths. */
export interface Second {
  second: number;
  paths: Record<string, Figures>;
}

/** An injected fault; times in seconds after the start of the load. */
export interface Fault {
  index: number;
  what: string;
  begin: number;
  active: number | null;
  heal: number | null;
  healed: number | null;
  ready: number | null;
  broken: boolean;
  evidence: { what: string; shown: boolean }[];
}

/** The current run, or the last one. */
export interface Run {
  scenario: string;
  shows: string;
  seed: number;
  folder: string;
  provider: string;
  stage: "starting" | "load" | "settle" | "drain" | "observe" | "shutdown" | "judge" | "over";
  ends: number | null;
  paths: string[];
}

/** Counts of a run. After the verdict, stored, duplicated and lost are those of the report. */
export interface Counts {
  offered: number;
  ok: number;
  fail: number;
  info: number;
  dropped: number;
  acknowledged: number;
  stored: number | null;
  missing: number | null;
  duplicated: number | null;
  /** Known with the verdict. */
  lost: number | null;
}

/** The chart of one path. */
export interface ChartPicture {
  path: string;
  /** Latest figures in one line. */
  says: string;
  drawing: Drawing;
}

/** Pictures, as the lab draws them. */
export interface Pictures {
  /** Explanation of the outcomes. */
  legend: string;
  /** Fills that the charts refer to. */
  patterns: Drawing;
  system: Drawing;
  charts: ChartPicture[];
}

/** The part of the lab that changes. */
export interface State {
  nodes: Record<string, NodeLook>;
  links: Record<string, LinkLook>;
  run: Run | null;
  /** Faults of the run. */
  faults: Fault[];
  /** Faults between two runs, since the last one began. */
  between: Fault[];
  counts: Counts;
  verdict: { verdict: "pass" | "fail" | "unknown"; why: string; folder: string } | null;
  lines: { at: number | null; text: string }[];
  seconds: Second[];
  pictures: Pictures;
}

/** An earlier run. */
export interface Earlier {
  folder: string;
  scenario: string;
  verdict: "pass" | "fail" | "unknown" | null;
  why: string;
  files: string[];
}

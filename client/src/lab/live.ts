// What the lab tells, and how it is asked. The names are those of the lab's API.

/** What does not change while the lab runs. */
export interface System {
  nodes: string[];
  links: { name: string; from: string; to: string }[];
  /** Nodes that the load goes to. */
  entries: string[];
  paths: { name: string; stores: boolean }[];
  faults: FaultKind[];
  can_load: boolean;
}

/** A fault that there is. */
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

/** What became of a path's operations that were due in one second; latencies in milliseconds. */
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

/** A fault that was begun; times in seconds after the start of the load. */
export interface Fault {
  index: number;
  what: string;
  begin: number;
  active: number | null;
  undo: number | null;
  undone: number | null;
  ready: number | null;
  broken: boolean;
  evidence: { what: string; shown: boolean }[];
}

/** A run that goes on, or was. */
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

/** Sums over a run. */
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
  lost: number | null;
}

/** Everything that changes. */
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
}

/** A run before. */
export interface Earlier {
  folder: string;
  scenario: string;
  verdict: "pass" | "fail" | "unknown" | null;
  why: string;
  files: string[];
}

/** Seconds that are kept, as the lab keeps them. */
const KEPT = 900;

/** The state after a change: seconds that it tells take the place of the same ones before, all else is told whole. */
export function changed(before: State, change: State): State {
  if (change.run?.folder !== before.run?.folder) return { ...change };
  const seconds = new Map(before.seconds.map((second) => [second.second, second]));
  for (const second of change.seconds) seconds.set(second.second, second);
  const ordered = [...seconds.values()].sort((a, b) => a.second - b.second).slice(-KEPT);
  return { ...change, seconds: ordered };
}

/** Whether a fault acts, and can be healed. */
export function acts(fault: Fault): boolean {
  return fault.active !== null && fault.undo === null && !fault.broken;
}

/** Asks the lab for something that can be read. */
export async function read<T>(route: string, signal?: AbortSignal): Promise<T> {
  const answer = await fetch(route, { cache: "no-store", ...(signal === undefined ? {} : { signal }) });
  if (!answer.ok) throw new Error(await told(answer));
  return (await answer.json()) as T;
}

/** Asks the lab to do something; an error says why it is not done. */
export async function act(method: "POST" | "DELETE", route: string, token: string, body?: unknown): Promise<void> {
  let answer: Response;
  try {
    answer = await fetch(route, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw new Error("the lab can't be reached: does it still run?");
  }
  if (!answer.ok) throw new Error(await told(answer));
}

async function told(answer: Response): Promise<string> {
  const text = await answer.text();
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    if (typeof error === "string") return error;
  } catch {
    // Said as it is below.
  }
  return `the lab answered ${answer.status}: ${text.slice(0, 200)}`;
}

// Words of the pages, in one place, so that they can be read and compared with docs/glossary.md as a whole.
// Words inside pictures come with the drawings, from crates/faultline/src/picture.
import type { Counts, Fault, NodeLook, Run, State } from "./state";

/** The live lab as a whole. */
export const LAB = {
  title: "Faultline: the live lab",
  page: "try every path yourself",
  connecting: "Connecting to the lab…",
  disconnected: "The lab does not answer. The state below is the last one received; reconnecting…",
  needsToken: "You can watch. Injecting faults and sending load need the token: open the address that the terminal prints.",
  unreachable: "the lab can't be reached: does it still run?",
  problem: (status: number, text: string) => `the lab answered ${status}: ${text}`,
} as const;

/** Headings of the lab. */
export const HEADINGS = {
  system: "System",
  load: "Load",
  faults: "Faults",
  charts: "Over time",
  events: "Events",
  runs: "Runs",
} as const;

/** The load. */
export const LOAD = {
  begin: "Begin the load",
  end: "End the load and judge",
  report: "Open the report",
  length: (seconds: number) => `, ${seconds} s in all`,
} as const;

/** What a run does in each of its stages. */
export const STAGES: Record<Run["stage"], string> = {
  starting: "starting",
  load: "sending",
  settle: "healing active faults, checking recovery",
  drain: "waiting until all acknowledged entries are stored",
  observe: "reading the stores",
  shutdown: "stopping the system",
  judge: "judging",
  over: "over",
};

/** Signs of verdicts, so that colour is not all that tells them apart. */
export const SIGNS = { pass: "✓", fail: "✗", unknown: "?" } as const;

/** The panel of a node or link. */
export const PANEL = {
  choose: "Choose a node or a link in the picture to inject a fault into it.",
  node: (name: string) => `Node ${name}`,
  link: (name: string) => `Link ${name}`,
  noData: "No data yet",
  fault: "Fault",
  inject: (fault: string) => `Inject ${fault}`,
  connections: "connections",
  connectionFigures: (open: number, perSecond: string) => `${open} open, ${perSecond}/s new`,
  answers: "answers",
  latency: "answer time",
  latencyFigures: (p50: string, p99: string) => `p50 ${p50}, p99 ${p99}`,
  bytes: "bytes",
  byteFigures: (upstream: string, downstream: string) => `${upstream}/s upstream, ${downstream}/s downstream`,
  errors: "errors",
  errorFigures: (perSecond: string) => `${perSecond}/s reset, cut or refused`,
  answerTime: "Answer time: from bytes to the server until the next bytes back, with the faults of the link.",
} as const;

/** Sign, word and class of a node's state. */
export function nodeState(look: NodeLook | undefined): { sign: string; word: string; kind: string } {
  if (look === undefined) return { sign: "…", word: "no data yet", kind: "pending" };
  if (look.state === "running") {
    return look.ready ? { sign: "✓", word: "running", kind: "ok" } : { sign: "!", word: "not ready", kind: "pending" };
  }
  if (look.state === "paused") return { sign: "‖", word: "paused", kind: "error" };
  if (look.state === "lost") return { sign: "?", word: "unreachable", kind: "error" };
  return { sign: "✗", word: look.state, kind: "error" };
}

/** The list of faults. */
export const FAULTS = {
  none: "None yet. Choose a node or a link in the picture.",
  heal: "Heal",
  evidence: "Evidence",
  missing: "missing: ",
} as const;

/** State of a fault. */
export function faultState(fault: Fault): string {
  if (fault.broken) return "✗ could not be injected or healed";
  if (fault.ready !== null) {
    const took = fault.heal === null ? "" : ` ${(fault.ready - fault.heal).toFixed(1)} s after heal`;
    return `✓ all nodes ready${took}`;
  }
  if (fault.heal !== null) return "… healed, waiting until all nodes are ready";
  return fault.active === null ? "… injecting" : "● active";
}

/** Counters of a run: name, value, and true if any but 0 is bad. */
export function counters(counts: Counts): [string, number | null, boolean][] {
  const sent: [string, number | null, boolean][] = [
    ["offered", counts.offered, false],
    ["ok", counts.ok, false],
    ["fail", counts.fail, false],
    ["info", counts.info, false],
    ["dropped", counts.dropped, false],
    ["acknowledged entries", counts.acknowledged, false],
    ["stored entries", counts.stored, false],
  ];
  // A missing entry may be stored yet; the verdict says which are lost, and then no earlier look is shown beside it.
  const missing: [string, number | null, boolean] =
    counts.lost === null ? ["not stored yet", counts.missing, false] : ["lost", counts.lost, true];
  return [...sent, missing, ["duplicated", counts.duplicated, true]];
}

/** The charts. */
export const CHARTS = {
  none: "No data yet. Begin a load to see its operations here.",
  path: (path: string) => `path ${path}`,
  figures: "Figures",
  figuresOf: (path: string) => `figures of ${path}`,
  columns: ["second", "offered", "ok", "fail", "info", "dropped", "p50 ms", "p99 ms", "max ms"],
} as const;

/** Events of the lab. */
export const EVENTS = { none: "No events yet." } as const;

/** Earlier runs. */
export const RUNS = {
  none: "No runs yet.",
  table: "table of the runs",
  columns: ["verdict", "scenario", "run", "reason", "files"],
} as const;

/** The line below the title. */
export const subtitle = ({ run }: State) => (run === null || run.shows === "" ? "" : `${run.shows} · `);

/** A value that is not known. */
export const NONE = "–";

/** The page that sends a request on every path. */
export const PAGE = {
  title: "Faultline",
  about: "Try every path through the system. The broker is at",
  send: "Send",
  exchange: (service: string) => `Exchange with ${service}`,
} as const;

/** Fields of the page. */
export const FIELDS = {
  email: "Email",
  password: "Password",
  name: "Name of the entry",
  severity: "Severity (RabbitMQ)",
  data: "Data of the entry",
} as const;

/** Buttons of the page: title and explanation of each path. */
export const PATHS = {
  broker: ["Broker", "the entry alone"],
  authentication: ["Authentication", "JSON to authentication, PostgreSQL"],
  grpc: ["Log by gRPC", "gRPC to logger, MongoDB"],
  amqp: ["Log by RabbitMQ", "RabbitMQ, listener, logger, MongoDB"],
  json: ["Log by JSON", "JSON to logger, MongoDB"],
} as const;

/** One exchange. */
export const EXCHANGE = {
  sent: "Sent",
  received: "Received",
  cancel: "Cancel",
  retry: (seconds: string) => `Ask again after ${seconds} s.`,
  oddity: (oddity: string) => `Odd: ${oddity}.`,
  pending: "pending",
  noAnswer: "no answer yet",
  unreachable: "unreachable",
  cancelled: "cancelled",
  cancelledHere: "cancelled here; the broker may have carried it out",
  brokerUnreachable: (origin: string, reason: string) =>
    `the broker at ${origin} can't be reached (${reason}): is the system up?`,
  empty: "the answer is empty",
  notJson: "the answer is not JSON",
  notOurs: "the answer is JSON, but not the broker's",
} as const;

/** The list of exchanges. */
export const OUTPUT = { title: "Output", none: "No requests yet: press a button." } as const;

/** The stored entries. */
export const ENTRIES = {
  title: "Entries last stored",
  service: "Entries",
  refresh: "Refresh",
  follow: "keep refreshing",
  none: "No entries yet.",
  notEntries: "the answer holds no entries",
  table: "table of the entries",
  columns: ["stored", "path", "name", "data", "id"],
} as const;

/** The rest of a text that was cut. */
export const more = (characters: string) => `… ${characters} more characters`;

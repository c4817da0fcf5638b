// The parts of the live lab by themselves: what they make of what the lab tells.
import { cleanup, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { json, serve, type Server } from "../page/server";
import { BARS, bins, widthOf } from "./bins";
import { Charts } from "./Charts";
import { Faults } from "./Faults";
import { Graph } from "./Graph";
import { layout, NODE } from "./layout";
import { changed, type FaultKind, type Figures, type LinkLook, type Second, type State, type System } from "./live";
import { bytes, count, millis, rate, roundUp } from "./numbers";
import { Panel } from "./Panel";
import { tokenOf } from "./token";

const figures = (given: Partial<Figures>): Figures => ({
  offered: 0,
  ok: 0,
  fail: 0,
  info: 0,
  dropped: 0,
  p50: null,
  p99: null,
  max: null,
  ...given,
});

const second = (second: number, given: Partial<Figures>): Second => ({ second, paths: { ping: figures(given) } });

const run = (folder: string) => ({
  scenario: "by-hand",
  shows: "x",
  seed: 1,
  folder,
  provider: "processes",
  stage: "load" as const,
  ends: 60,
  paths: ["ping"],
});

const quiet: State = {
  nodes: {},
  links: {},
  run: run("a"),
  faults: [],
  between: [],
  counts: {
    offered: 0,
    ok: 0,
    fail: 0,
    info: 0,
    dropped: 0,
    acknowledged: 0,
    stored: null,
    missing: null,
    doubled: null,
    lost: null,
  },
  verdict: null,
  lines: [],
  seconds: [],
};

const fault = (given: Partial<State["faults"][number]>) => ({
  index: 0,
  what: "kill mongo",
  begin: 1,
  active: 1,
  undo: null,
  undone: null,
  ready: null,
  broken: false,
  evidence: [],
  ...given,
});

const kinds: FaultKind[] = [
  { name: "kill", about: "killed", done_to: "a node", parameters: [{ name: "node", unit: "", default: null, about: "" }] },
  {
    name: "latency",
    about: "slow",
    done_to: "a link",
    parameters: [
      { name: "link", unit: "", default: null, about: "" },
      { name: "latency", unit: "ms", default: null, about: "" },
      { name: "jitter", unit: "ms", default: "0", about: "" },
      { name: "toxicity", unit: "", default: "1", about: "" },
    ],
  },
  {
    name: "partition",
    about: "cut",
    done_to: "groups of nodes",
    parameters: [
      { name: "nodes", unit: "", default: null, about: "" },
      { name: "direction", unit: "", default: "both", about: "" },
    ],
  },
];

const system: System = {
  nodes: ["broker", "mongo", "logger"],
  links: [
    { name: "broker->logger:80", from: "broker", to: "logger" },
    { name: "logger->mongo:1", from: "logger", to: "mongo" },
  ],
  entries: ["broker"],
  paths: [{ name: "ping", stores: false }],
  faults: kinds,
  can_load: true,
};

afterEach(cleanup);

describe("what changes", () => {
  test("seconds that are told again take the place of the same ones, and stay in order", () => {
    const before = { ...quiet, seconds: [second(1, { ok: 1 }), second(2, { ok: 2 })] };
    const after = changed(before, { ...quiet, seconds: [second(3, { ok: 3 }), second(2, { ok: 9 })] });
    expect(after.seconds.map(({ second, paths }) => [second, paths.ping?.ok])).toEqual([
      [1, 1],
      [2, 9],
      [3, 3],
    ]);
  });

  test("another run begins anew, and a long one is bounded", () => {
    const before = { ...quiet, seconds: [second(1, { ok: 1 })] };
    const other = changed(before, { ...quiet, run: run("b"), seconds: [second(7, {})] });
    expect(other.seconds.map(({ second }) => second)).toEqual([7]);
    const many = Array.from({ length: 5000 }, (_, at) => second(at, {}));
    expect(changed(before, { ...quiet, seconds: many }).seconds.length).toBe(900);
  });
});

test("a long run has no more bars than a short one, and their sums agree", () => {
  const seconds = Array.from({ length: 900 }, (_, at) => second(at, { offered: 10, ok: 9, fail: 1, p50: 2, p99: at }));
  const width = widthOf(899);
  const bars = bins(seconds, "ping", width);
  expect(bars.length).toBeLessThanOrEqual(BARS);
  expect(bars.reduce((sum, { ok }) => sum + ok * width, 0)).toBeCloseTo(8100);
  expect(bars[0]).toMatchObject({ at: 0, offered: 10, p50: 2, p99: width - 1 });
  expect(bins(seconds, "pong", width)).toEqual([]);
});

test("nodes stand in the order in which requests go, and none covers another; circles end", () => {
  const plan = layout(system);
  const [broker, logger, mongo] = ["broker", "logger", "mongo"].map((node) => plan.places[node]?.x ?? 0);
  expect(broker).toBeLessThan(logger ?? 0);
  expect(logger).toBeLessThan(mongo ?? 0);
  const circle = layout({ ...system, links: [...system.links, { name: "mongo->broker:1", from: "mongo", to: "broker" }] });
  const places = Object.values(circle.places);
  for (const [index, a] of places.entries()) {
    for (const b of places.slice(index + 1)) {
      expect(Math.abs(a.x - b.x) >= NODE.width || Math.abs(a.y - b.y) >= NODE.height).toBe(true);
    }
  }
});

test("figures are short", () => {
  expect([rate(0), rate(0.44), rate(12.4), rate(3400), rate(34_000)]).toEqual(["0", "0.4", "12", "3.4k", "34k"]);
  expect([millis(0.44), millis(12.4), millis(3400)]).toEqual(["0.4 ms", "12 ms", "3.4 s"]);
  expect([bytes(12), bytes(3400), bytes(1_200_000)]).toEqual(["12 B", "3.4 kB", "1.2 MB"]);
  expect([count(null), count(1234)]).toEqual(["–", "1,234"]);
  expect([roundUp(0), roundUp(3), roundUp(20), roundUp(21)]).toEqual([1, 5, 20, 50]);
});

test("the token comes with the address, and does not stay in it", () => {
  const token = "0123456789abcdef0123456789abcdef";
  window.location.hash = `#token=${token}`;
  expect(tokenOf(window.location, window.sessionStorage)).toBe(token);
  expect(window.location.hash).toBe("");
  expect(tokenOf(window.location, window.sessionStorage)).toBe(token);
  window.sessionStorage.clear();
  window.location.hash = "#token=nonsense";
  expect(tokenOf(window.location, window.sessionStorage)).toBe("");
});

test("the charts tell what is in them, faults too, and that there is nothing yet", () => {
  render(<Charts state={quiet} />);
  expect(screen.getByText(/Nothing was sent yet/)).toBeTruthy();
  cleanup();
  const seconds = [second(0, { offered: 10, ok: 7, fail: 3, p50: 1, p99: 2, max: 3 }), second(1, { offered: 10, ok: 10 })];
  const { container } = render(<Charts state={{ ...quiet, seconds, faults: [fault({})] }} />);
  expect(screen.getByRole("img", { name: /ping: operations a second. 7.0\/s ok of 10\/s, p99 2.0 ms/ })).toBeTruthy();
  expect([...container.querySelectorAll(".chart .band title")].map((title) => title.textContent)).toEqual([
    "kill mongo",
    "kill mongo",
  ]);
  expect(container.querySelectorAll(".chart .part.fail").length).toBe(1);
});

test("what the lab tells is shown as text, whatever it holds", () => {
  const says = "<img src=x onerror=alert(1)>" + "x".repeat(5000);
  const look: LinkLook = {
    open: 1,
    connects: 0,
    upstream: 0,
    downstream: 0,
    errors: 2,
    answers: 5,
    p50_ms: 1,
    p99_ms: 2,
    toxics: ["latency"],
    enabled: true,
  };
  const state: State = {
    ...quiet,
    nodes: { mongo: { state: "down", ready: false, says } },
    links: { "logger->mongo:1": look },
  };
  const { container } = render(<Graph system={system} state={state} chosen={undefined} choose={() => undefined} />);
  expect(container.querySelector("img")).toBeNull();
  expect(screen.getByRole("button", { name: /^node mongo: down, <img/ })).toBeTruthy();
  expect(screen.getByRole("button", { name: "link logger->mongo:1: 5.0/s · 1.0 ms, latency · 2.0/s lost" })).toBeTruthy();
});

describe("acting", () => {
  let lab: Server;
  const original = globalThis.fetch;

  beforeEach(async () => {
    lab = await serve((asked, response) => {
      if (asked.url.endsWith("/7")) json(response, 404, { error: "fault 7 is not active" });
      else json(response, 202, {});
    });
    // The page asks its own host, which in a browser is the lab.
    globalThis.fetch = (route, init) => original(`${lab.url}${String(route)}`, init);
  });
  afterEach(async () => {
    globalThis.fetch = original;
    await lab.close();
  });

  const inject = async (name: string) => {
    await userEvent.click(screen.getByRole("button", { name: `Inject ${name}` }));
    await waitFor(() => expect(lab.asked.length).toBe(1));
  };
  const panel = (kind: "node" | "link", name: string) =>
    render(<Panel target={{ kind, name }} system={system} state={quiet} token="t" />);

  test("a fault is asked for in the words of a scenario, with the token", async () => {
    panel("link", "logger->mongo:1");
    const field = screen.getByRole("textbox", { name: "latency" });
    await userEvent.clear(field);
    await userEvent.type(field, "300ms");
    await inject("latency");
    const [asked] = lab.asked;
    expect([asked?.method, asked?.url, asked?.headers.authorization]).toEqual(["POST", "/api/faults", "Bearer t"]);
    expect(JSON.parse(asked?.body ?? "")).toEqual({
      kind: "latency",
      link: "logger->mongo:1",
      latency: "300ms",
      toxicity: 1,
    });
  });

  test("a node can be cut from its neighbours", async () => {
    panel("node", "logger");
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Fault" }), "partition");
    await inject("partition");
    expect(JSON.parse(lab.asked[0]?.body ?? "")).toEqual({
      kind: "partition",
      nodes: ["logger"],
      from: ["broker", "mongo"],
      direction: "both",
    });
  });

  test("a fault that acts can be healed, one that is over can't; why it is not done is told", async () => {
    const over = fault({ index: 1, what: "pause broker", undo: 2, undone: 2, ready: 3.5 });
    render(<Faults state={{ ...quiet, faults: [over], between: [fault({ index: 7 })] }} token="t" />);
    expect(screen.getByText(/all were ready 1.5 s after it was healed/)).toBeTruthy();
    const [button, ...others] = screen.getAllByRole("button");
    expect(others).toEqual([]);
    await userEvent.click(button as HTMLElement);
    expect(lab.asked.map(({ method, url }) => [method, url])).toEqual([["DELETE", "/api/faults/7"]]);
    expect(within(await screen.findByRole("alert")).getByText(/fault 7 is not active/)).toBeTruthy();
  });
});

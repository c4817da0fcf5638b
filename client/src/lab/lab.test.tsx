// The parts of the live lab by themselves, with data as the lab sends it.
import { cleanup, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { json, serve, type Server } from "../page/server";
import type { Drawing, Shape, Target } from "../picture/drawing";
import { Picture } from "../picture/Picture";
import { Charts } from "./Charts";
import { Faults } from "./Faults";
import { Counters } from "./Counters";
import { changed, type FaultKind, type Figures, type Second, type State, type System } from "./live";
import { bytes, count, millis, rate } from "./numbers";
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

const drawing = (shapes: Shape[], label = ""): Drawing => ({ width: 100, height: 50, label, shapes });

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
    duplicated: null,
    lost: null,
  },
  verdict: null,
  lines: [],
  seconds: [],
  pictures: { legend: "ok: acknowledged.", patterns: drawing([]), system: drawing([]), charts: [] },
};

const fault = (given: Partial<State["faults"][number]>) => ({
  index: 0,
  what: "kill mongo",
  begin: 1,
  active: 1,
  heal: null,
  healed: null,
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
  test("seconds that are sent again replace the same ones, and stay in order", () => {
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

test("figures are short", () => {
  expect([rate(0), rate(0.44), rate(12.4), rate(3400), rate(34_000)]).toEqual(["0", "0.4", "12", "3.4k", "34k"]);
  expect([millis(0.44), millis(12.4), millis(3400)]).toEqual(["0.4 ms", "12 ms", "3.4 s"]);
  expect([bytes(12), bytes(3400), bytes(1_200_000)]).toEqual(["12 B", "3.4 kB", "1.2 MB"]);
  expect([count(null), count(1234)]).toEqual(["–", "1,234"]);
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

test("charts are shown as the lab draws them, with the figures of each second; without any that is said", async () => {
  render(<Charts state={quiet} />);
  expect(screen.getByText(/No data yet/)).toBeTruthy();
  cleanup();
  const seconds = [second(0, { offered: 10, ok: 7, fail: 3, p50: 1, p99: 2, max: 3 }), second(1, { offered: 10, ok: 10 })];
  const band: Shape = {
    shape: "group",
    class: "fault",
    title: "kill mongo",
    shapes: [{ shape: "rect", class: "band", x: 1, y: 2, width: 3, height: 4 }],
  };
  const patterns = drawing([{ shape: "pattern", id: "fill-fail", size: 6, rotate: 45, shapes: [] }]);
  const charts = [{ path: "ping", says: "10/s ok of 10/s offered", drawing: drawing([band], "ping over time") }];
  const pictures = { ...quiet.pictures, patterns, charts };
  const { container } = render(<Charts state={{ ...quiet, seconds, pictures }} />);
  expect(screen.getByRole("img", { name: "ping over time" })).toBeTruthy();
  expect(screen.getByText("ok: acknowledged.")).toBeTruthy();
  expect(container.querySelector("pattern#fill-fail")?.getAttribute("patternTransform")).toBe("rotate(45)");
  expect(container.querySelector(".fault title")?.textContent).toBe("kill mongo");
  expect(container.querySelectorAll("svg .band").length).toBe(1);
  await userEvent.click(screen.getByText("Figures"));
  const table = within(await screen.findByRole("region", { name: "figures of ping" }));
  const [, ...rows] = table.getAllByRole("row").map((row) => [...row.children].map(({ textContent }) => textContent));
  expect(rows.map((cells) => cells.join(" "))).toEqual(["0 10 7 3 0 0 1.0 2.0 3.0", "1 10 10 0 0 0 – – –"]);
});

describe("the system", () => {
  const text = (words: string): Shape => ({
    shape: "text",
    class: "state",
    x: 1,
    y: 2,
    anchor: "middle",
    size: 12,
    bold: true,
    text: words,
  });
  const picture = drawing([
    {
      shape: "group",
      class: "wire ok",
      target: { kind: "link", name: "a->b:1" },
      shapes: [{ shape: "path", class: "line", d: "M0 0H9" }],
    },
    { shape: "group", class: "link ok", label: "link a->b:1: 5.0/s", target: { kind: "link", name: "a->b:1" }, shapes: [] },
    {
      shape: "group",
      class: "node error",
      title: "<img src=x onerror=alert(1)>",
      label: "node b: down, <img src=x>",
      target: { kind: "node", name: "b" },
      shapes: [{ shape: "rect", class: "box", x: 0, y: 0, width: 9, height: 9, radius: 3 }, text("down <b>")],
    },
  ]);

  test("nodes and links are buttons, by mouse and by keyboard", async () => {
    const chosen: Target[] = [];
    render(<Picture drawing={picture} choose={(target) => chosen.push(target)} chosen={{ kind: "node", name: "b" }} />);
    const [link, node] = screen.getAllByRole("button");
    expect(link?.getAttribute("aria-label")).toBe("link a->b:1: 5.0/s");
    expect([link, node].map((button) => button?.getAttribute("aria-pressed"))).toEqual(["false", "true"]);
    expect(node?.getAttribute("class")).toBe("node error chosen");
    await userEvent.tab();
    await userEvent.keyboard("{Enter} ");
    await userEvent.click(node as Element);
    await userEvent.click(document.querySelector(".line") as Element);
    expect(chosen.map(({ name }) => name)).toEqual(["a->b:1", "a->b:1", "b", "a->b:1"]);
  });

  test("words are shown as text, whatever they hold; without a choice there are no buttons", () => {
    const { container } = render(<Picture drawing={picture} />);
    expect(container.querySelector("img")).toBeNull();
    expect(container.querySelector("text")?.textContent).toBe("down <b>");
    expect(screen.queryAllByRole("button")).toEqual([]);
    expect(container.querySelector("rect")?.getAttribute("rx")).toBe("3");
  });
});

test("after the verdict only final counts are shown", () => {
  const counts = { ...quiet.counts, offered: 1200, ok: 1150, acknowledged: 1130, stored: 1082, missing: 48, duplicated: 0 };
  const shown = () => [...document.querySelectorAll(".counters div")].map((div) => div.textContent);
  const { rerender } = render(<Counters counts={counts} run={run("a")} />);
  expect(shown()).toEqual([
    "offered1,200",
    "ok1,150",
    "fail0",
    "info0",
    "dropped0",
    "acknowledged entries1,130",
    "stored entries1,082",
    "not stored yet48",
    "duplicated0",
  ]);
  rerender(<Counters counts={{ ...counts, stored: 1130, lost: 0 }} run={run("a")} />);
  expect(shown().slice(-4)).toEqual(["acknowledged entries1,130", "stored entries1,130", "lost0", "duplicated0"]);
  expect(document.querySelector(".counters .error")).toBeNull();
  rerender(<Counters counts={{ ...counts, stored: 1129, lost: 1 }} run={run("a")} />);
  expect(document.querySelector(".counters .error")?.textContent).toBe("1");
});

describe("active faults", () => {
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

  test("a fault is requested in the words of a scenario, with the token", async () => {
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

  test("an active fault can be healed, one that is over can't; a refusal gives its reason", async () => {
    const over = fault({ index: 1, what: "pause broker", heal: 2, healed: 2, ready: 3.5 });
    render(<Faults state={{ ...quiet, faults: [over], between: [fault({ index: 7 })] }} token="t" />);
    expect(screen.getByText(/all nodes ready 1.5 s after heal/)).toBeTruthy();
    const [button, ...others] = screen.getAllByRole("button");
    expect(others).toEqual([]);
    await userEvent.click(button as HTMLElement);
    expect(lab.asked.map(({ method, url }) => [method, url])).toEqual([["DELETE", "/api/faults/7"]]);
    expect(within(await screen.findByRole("alert")).getByText(/fault 7 is not active/)).toBeTruthy();
  });
});

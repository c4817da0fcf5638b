// The live lab as a newcomer uses it: a load, RabbitMQ killed by a click, seen, healed, judged, and the report opened.
import AxeBuilder from "@axe-core/playwright";
import { type Page } from "@playwright/test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isActive, type State } from "../src/lab/live";
import { expect, hosts, test } from "./watched";

const LAB = "http://127.0.0.1:8475";

/** Where `faultline up` says how the lab is opened; see playwright.config.ts. */
const SAID = "node_modules/.up.log";

/** The address that the terminal prints, with its token. */
async function printed(): Promise<string> {
  const address = /the live lab: (\S+)/.exec(await readFile(SAID, "utf8"))?.[1];
  if (address === undefined) throw new Error(`no address of the lab in ${SAID}`);
  return address;
}

const node = (page: Page, name: string) => page.getByRole("button", { name: new RegExp(`^node ${name}:`) });
const link = (page: Page, name: string) => page.getByRole("button", { name: new RegExp(`^link ${name}:`) });
const faults = (page: Page) => page.getByRole("region", { name: "Faults", exact: true });
const load = (page: Page) => page.getByRole("region", { name: "Load", exact: true });
const counter = (page: Page, name: string) =>
  page.locator(".counters div").filter({ has: page.locator("dt", { hasText: new RegExp(`^${name}$`) }) }).locator("dd");

/** Every row of the figures of a path, without their first cell, as numbers. */
async function rows(page: Page, path: string): Promise<number[][]> {
  const region = page.getByRole("region", { name: `path ${path}` });
  if ((await region.locator("details[open]").count()) === 0) await region.locator("summary").click();
  const texts = await region.locator("tbody tr").evaluateAll((rows) =>
    rows.map((row) => [...row.querySelectorAll("td")].map((cell) => cell.textContent ?? "")),
  );
  return texts.map((cells) => cells.map(Number));
}

test.beforeAll(() => void hosts.add(new URL(LAB).host));

// A test that fails leaves neither a fault nor a load to the next ones.
test.afterEach(async ({ request }) => {
  const headers = { authorization: `Bearer ${(await printed()).split("=")[1] ?? ""}` };
  const { faults, between, run } = (await (await request.get(`${LAB}/api/state`)).json()) as State;
  for (const { index } of [...faults, ...between].filter(isActive)) {
    await request.delete(`${LAB}/api/faults/${index}`, { headers });
  }
  if (run?.stage === "load") await request.delete(`${LAB}/api/run`, { headers });
  await expect.poll(async () => (await request.get("http://127.0.0.1:8080/readyz")).status(), { timeout: 60_000 }).toBe(200);
});

test("RabbitMQ is killed by a click, seen in the charts, healed, and the report opened", async ({ page }) => {
  test.setTimeout(180_000);
  await page.setViewportSize({ width: 1280, height: 1500 });
  await page.goto(await printed());
  await expect(page).toHaveURL(`${LAB}/`);
  for (const name of ["broker", "rabbitmq", "listener", "logger", "mongo"]) {
    await expect(node(page, name)).toContainText("running");
  }
  await page.getByRole("button", { name: "Begin the load" }).click();
  await expect(load(page)).toContainText("sending");
  await expect.poll(async () => Number(await counter(page, "ok").textContent())).toBeGreaterThan(100);

  await node(page, "rabbitmq").click();
  await page.getByRole("combobox", { name: "Fault" }).selectOption("kill");
  await page.getByRole("button", { name: "Inject kill" }).click();
  await expect(faults(page)).toContainText("kill rabbitmq ● active");
  await expect(node(page, "rabbitmq")).toContainText("down");
  // The path through it fails, as a second of its figures says; another does not.
  const bad = (cells: number[]) => (cells[2] ?? 0) + (cells[3] ?? 0) + (cells[4] ?? 0) > 0;
  await expect.poll(async () => (await rows(page, "log-amqp")).some(bad)).toBe(true);
  expect((await rows(page, "log-grpc")).some(bad)).toBe(false);
  for (const path of ["log-amqp", "log-grpc"]) {
    await expect(page.getByRole("region", { name: `path ${path}` }).locator("svg .band").first()).toBeAttached();
  }
  // From the last on: one that is closed is no longer among them.
  for (const open of (await page.locator(".path details[open] summary").all()).reverse()) await open.click();
  if (process.env.PICTURES !== undefined) {
    await expect.poll(async () => Number(await counter(page, "fail").textContent())).toBeGreaterThan(20);
    await page.evaluate(() => window.scrollTo(0, 0));
    await page.screenshot({ path: join(process.env.PICTURES, "lab.png") });
  }

  await faults(page).getByRole("button", { name: "Heal kill rabbitmq" }).click();
  await expect(faults(page)).toContainText("✓ all nodes ready", { timeout: 60_000 });
  await expect(node(page, "rabbitmq")).toContainText("running");
  const ok = async () => (await rows(page, "log-amqp")).at(-2)?.[1] ?? 0;
  await expect.poll(ok, { timeout: 60_000 }).toBeGreaterThan(0);

  await page.getByRole("button", { name: "End the load and judge" }).click();
  await expect(load(page)).toContainText(/pass: \d+ of \d+ operations acknowledged/, { timeout: 60_000 });
  await expect(counter(page, "lost")).toHaveText("0");
  await expect(counter(page, "duplicated")).toHaveText("0");
  const acknowledged = await counter(page, "ok").textContent();
  await expect(page.getByRole("region", { name: "Runs", exact: true })).toContainText("by-hand");

  await load(page).getByRole("link", { name: "Open the report" }).click();
  await expect(page.locator(".verdict")).toContainText("pass");
  await expect(page.getByRole("heading", { name: "kill rabbitmq" })).toBeVisible();
  await expect(page.locator(".why")).toContainText(acknowledged?.replaceAll(",", "") ?? "?");
});

test("a link is slowed by a click, is seen to be slow, and healed; two viewers see the same", async ({ page, context }) => {
  await page.goto(await printed());
  const other = await context.newPage();
  await other.goto(LAB);
  await expect(other.getByText("need the token")).toBeVisible();
  await link(page, "broker->authentication:80").locator(".rate").click();
  await page.getByRole("combobox", { name: "Fault" }).selectOption("latency");
  await page.getByRole("textbox", { name: "latency" }).fill("a while");
  await page.getByRole("button", { name: "Inject latency" }).click();
  await expect(page.getByRole("alert")).toContainText("250ms");
  await page.getByRole("textbox", { name: "latency" }).fill("300ms");
  await page.getByRole("button", { name: "Inject latency" }).click();
  for (const seen of [page, other]) {
    await expect(faults(seen)).toContainText("latency broker->authentication:80 ● active");
    // The broker asks whether it is ready once a second.
    await expect(link(seen, "broker->authentication:80")).toContainText(/[3-9]\d\d ms/);
  }
  // A viewer who comes back misses nothing.
  await other.reload();
  await expect(faults(other)).toContainText("latency broker->authentication:80 ● active");
  await faults(other).getByRole("button", { name: /^Heal latency/ }).click();
  await expect(other.getByRole("alert")).toContainText("needs the token");
  await faults(page).getByRole("button", { name: /^Heal latency/ }).click();
  await expect(faults(other)).toContainText("✓ all nodes ready");
});

for (const scheme of ["light", "dark"] as const) {
  test(`everybody can use the lab, ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await page.goto(await printed());
    await node(page, "mongo").focus();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: "Node mongo" })).toBeVisible();
    await expect(page.getByRole("region", { name: "table of the runs" })).toBeVisible();
    const found = await new AxeBuilder({ page }).analyze();
    expect(found.violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 300))])).toEqual([]);
  });
}

test("the lab serves the page on which every path is tried, which finds the broker, dead or alive", async ({ page, context }) => {
  hosts.add("127.0.0.1:8080");
  await page.goto(`${LAB}/page`);
  const received = page.getByRole("region", { name: "Received" });
  const press = () =>
    page.getByRole("region", { name: "Send" }).getByRole("button", { name: "Log by gRPC" }).click();
  await press();
  await expect(received).toContainText("200 OK");
  await expect(page.getByRole("region", { name: "Sent" })).toContainText("127.0.0.1:8080");

  const lab = await context.newPage();
  await lab.goto(await printed());
  await node(lab, "broker").click();
  await lab.getByRole("button", { name: "Inject kill" }).click();
  await expect(faults(lab)).toContainText("kill broker ● active");
  await press();
  await expect(received).toContainText("the broker at http://127.0.0.1:8080 can't be reached");
  await faults(lab).getByRole("button", { name: "Heal kill broker" }).click();
  await expect(node(lab, "broker")).toContainText("running");
  await press();
  await expect(received).toContainText("200 OK");
});

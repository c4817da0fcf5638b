// The report of a real run, in a browser: its figures are those of report.json, and everybody can read it.
import AxeBuilder from "@axe-core/playwright";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "@playwright/test";

/** The command, from the folder of the client. */
const FAULTLINE = "../scripts/faultline";

interface Report {
  verdict: string;
  why: string;
  checks: { name: string; verdict: string; detail: string }[];
  paths: Record<string, { offered: number; sent: number; ok: number; fail: number; info: number; lost: number | null }>;
  faults: { what: string; evidence: { what: string }[] }[];
}

let runs: string;
let url: string;
let report: Report;

test.beforeAll(async () => {
  test.setTimeout(180_000);
  runs = await mkdtemp(join(tmpdir(), "faultline-"));
  await promisify(execFile)(FAULTLINE, ["run", "scenarios/rabbitmq-killed.toml", "--seed", "1", "--runs", runs]);
  const [folder] = await readdir(runs);
  const at = join(runs, folder ?? "");
  url = pathToFileURL(join(at, "report.html")).href;
  report = JSON.parse(await readFile(join(at, "report.json"), "utf8"));
});

test.afterAll(() => rm(runs, { recursive: true, force: true }));

test("its figures are those of report.json", async ({ page }) => {
  const begun = Date.now();
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(url);
  await expect(page.locator(".verdict")).toContainText(report.verdict);
  await expect(page.locator(".why")).toHaveText(report.why);
  test.info().annotations.push({ type: "opened in ms", description: String(Date.now() - begun) });
  for (const [path, figures] of Object.entries(report.paths)) {
    const row = page.locator("#time > .wide tbody tr").filter({ has: page.getByRole("rowheader", { name: path, exact: true }) });
    const cells = await row.locator("td").allInnerTexts();
    expect([cells[0], cells[1], cells[3], cells[4], cells[5]].map(Number)).toEqual([
      figures.offered,
      figures.sent,
      figures.ok,
      figures.fail,
      figures.info,
    ]);
    // The bars of the chart stand in a table too, which adds up to the same.
    const chart = page.locator("figure.chart").filter({ has: page.locator("strong", { hasText: new RegExp(`^${path}$`) }) });
    await chart.locator("summary").click();
    const offered = await chart.locator("tbody tr td:nth-child(2)").allInnerTexts();
    expect(offered.map(Number).reduce((sum, count) => sum + count, 0)).toBe(figures.offered);
  }
  for (const fault of report.faults) {
    await expect(page.getByRole("heading", { name: fault.what })).toBeVisible();
    for (const seen of fault.evidence) await expect(page.locator(".evidence")).toContainText(seen.what);
  }
  const checks = await page.locator("table.checks tbody th").allInnerTexts();
  expect(checks).toEqual(report.checks.map(({ name }) => name));
  // It opens offline: nothing but itself was asked for.
  expect(asked).toEqual([url]);
});

for (const scheme of ["light", "dark"] as const) {
  test(`everybody can read it, ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await page.goto(url);
    const found = await new AxeBuilder({ page }).analyze();
    expect(found.violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 200))])).toEqual([]);
  });
}

test("its picture for the README", async ({ page }) => {
  test.skip(process.env.PICTURES === undefined, "made where PICTURES names a folder");
  await page.setViewportSize({ width: 1040, height: 1500 });
  await page.goto(url);
  await page.screenshot({ path: join(process.env.PICTURES ?? "", "report.png") });
});

// Every button of the page, and what goes wrong, in a browser against the real system.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, hosts, test } from "./watched";

const press = (page: Page, title: string) =>
  page.getByRole("region", { name: "Send" }).getByRole("button", { name: title }).click();
const received = (page: Page) => page.getByRole("region", { name: "Received" });

test.beforeEach(async ({ page }) => {
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Faultline" })).toBeVisible();
});

test("the broker and authentication answer", async ({ page }) => {
  await press(page, "Broker");
  await expect(received(page)).toContainText("200 OK");
  await press(page, "Authentication");
  await expect(received(page)).toContainText("200 OK");
  await expect(received(page)).toContainText("admin@example.com");
  await expect(page.locator("body")).not.toContainText("password123");
});

for (const [title, status, via] of [
  ["Log by gRPC", "200 OK", "log-grpc"],
  ["Log by RabbitMQ", "202 Accepted", "log-amqp"],
  ["Log by JSON", "200 OK", "log-json"],
] as const) {
  test(`${title} stores an entry, which is seen with its path`, async ({ page }) => {
    const data = `${title} <b>${Date.now()}</b>`;
    await page.getByLabel("Data of the entry").fill(data);
    await press(page, title);
    await expect(received(page)).toContainText(status);
    await page.getByLabel("keep refreshing").check();
    const row = page.getByRole("row").filter({ hasText: data });
    await expect(row).toContainText(via);
  });
}

test("a wrong password is an error", async ({ page }) => {
  await page.getByLabel("Password").fill("wrong");
  await press(page, "Authentication");
  await expect(received(page)).toContainText("401 Unauthorized");
  await expect(received(page).locator(".outcome")).toHaveClass(/error/);
});

test("an empty entry is refused, and says why", async ({ page }) => {
  await page.getByLabel("Name of the entry").fill("");
  await press(page, "Log by JSON");
  await expect(received(page)).toContainText("400 Bad Request");
  await expect(received(page)).toContainText("name");
});

/** An address of this machine where nobody listens. */
async function nowhere(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return `localhost:${port}`;
}

test("a broker that is not there is told with its address", async ({ page }) => {
  const host = await nowhere();
  hosts.add(host);
  // As a container says where the broker is.
  await page.route("**/config.json", (route) => route.fulfill({ json: { broker: `http://${host}` } }));
  await page.goto("/");
  await press(page, "Broker");
  await expect(received(page)).toContainText(`the broker at http://${host} can't be reached`);
  await expect(page.getByRole("alert")).toContainText("can't be reached");
});

for (const scheme of ["light", "dark"] as const) {
  test(`everybody can use it, ${scheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme: scheme });
    await press(page, "Broker");
    await press(page, "Log by gRPC");
    await expect(page.getByRole("table")).toBeVisible();
    const found = await new AxeBuilder({ page }).analyze();
    expect(found.violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html)])).toEqual([]);
  });
}

test("it can be used by keyboard alone, and on a narrow screen", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 800 });
  await page.getByLabel("Email").focus();
  for (let count = 0; count < 5; count += 1) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(received(page)).toContainText("200 OK");
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  expect(overflow).toBe(false);
});

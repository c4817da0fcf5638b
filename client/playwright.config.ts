// The page in a real browser, against the real system that `faultline up` has started on its published ports.
import { defineConfig } from "@playwright/test";

const PAGE = "http://127.0.0.1:4173";

export default defineConfig({
  testDir: "e2e",
  outputDir: "node_modules/.e2e",
  // One system, one browser, on the cores that they share.
  workers: 1,
  retries: 0,
  forbidOnly: true,
  reporter: "list",
  timeout: 60_000,
  expect: { timeout: 15_000 },
  use: {
    baseURL: PAGE,
    actionTimeout: 15_000,
    viewport: { width: 1100, height: 1000 },
    launchOptions: { executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] },
  },
  webServer: [
    { command: "npm run --silent preview", url: PAGE },
    {
      // What it says is kept: the lab is opened with the address that stands there.
      command: "mkdir -p node_modules && ../scripts/faultline up --ui 2> node_modules/.up.log",
      url: "http://127.0.0.1:8080/readyz",
      timeout: 120_000,
      gracefulShutdown: { signal: "SIGINT", timeout: 30_000 },
    },
  ],
});

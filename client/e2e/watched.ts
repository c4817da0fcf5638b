// A page of which every error and every request is watched.
import { test as base, expect } from "@playwright/test";

/** Hosts that the page may ask: its own, the broker's, and those that a test adds. */
export const hosts = new Set(["127.0.0.1:4173", "localhost:8080"]);

/** What the browser itself writes of an answer that is no success; the page shows it as one. */
const REFUSAL = /Failed to load resource: (the server responded with a status of|net::ERR_CONNECTION_REFUSED)/;

/** A test whose page may neither write an error to the console nor ask another host. */
export const test = base.extend({
  page: async ({ page }, use) => {
    const wrong: string[] = [];
    page.on("pageerror", (error) => wrong.push(`thrown: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error" && !REFUSAL.test(message.text())) wrong.push(`console: ${message.text()}`);
    });
    page.on("request", (request) => {
      const { protocol, host } = new URL(request.url());
      if (protocol.startsWith("http") && !hosts.has(host)) wrong.push(`asked ${request.url()}`);
    });
    await use(page);
    expect(wrong).toEqual([]);
  },
});

export { expect };

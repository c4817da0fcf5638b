// The page as a person uses it, against a real HTTP server.
import { cleanup, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Page } from "./Page";
import { type Asked, json, serve, type Server } from "./server";

let server: Server;
/** What is answered to everything but the reading of entries. */
let answer: (asked: Asked, response: ServerResponse) => void;
let entries: unknown[];

beforeEach(async () => {
  entries = [];
  answer = (_, response) => json(response, 200, { error: false, message: "all well" });
  server = await serve((asked, response) => {
    if (asked.url.startsWith("/logs")) json(response, 200, { error: false, message: "entries", data: entries });
    else answer(asked, response);
  });
});

afterEach(async () => {
  cleanup();
  await server.close();
});

/** Presses a button and gives the last request that it made. */
async function press(title: string): Promise<Asked | undefined> {
  await userEvent.click(screen.getByRole("button", { name: new RegExp(`^${title}`) }));
  return server.asked.filter(({ url }) => !url.startsWith("/logs")).at(-1);
}

const received = () => screen.getByRole("region", { name: "Received" });
const sent = () => screen.getByRole("region", { name: "Sent" });

describe("each button sends what the contract says", () => {
  const entry = { name: "event", data: "Some kind of log data" };
  test.each([
    ["Broker", "/", {}],
    ["Authentication", "/authentication", { email: "admin@example.com", password: "password123" }],
    ["Log by gRPC", "/grpc-logger", entry],
    ["Log by RabbitMQ", "/rabbitmq-logger", { ...entry, severity: "INFO" }],
    ["Log by JSON", "/json-logger", entry],
  ])("%s", async (title, route, body) => {
    render(<Page broker={server.url} />);
    await press(title);
    await within(received()).findByText("200 OK");
    const asked = server.asked.find(({ url, method }) => url === route && method === "POST");
    expect(JSON.parse(asked?.body ?? "null")).toEqual(body);
    expect(asked?.headers["content-type"]).toBe("application/json");
    expect(asked?.headers["idempotency-key"] !== undefined).toBe(title.startsWith("Log"));
    const line = screen.getByRole("button", { name: new RegExp(`${title}.*200 OK.*all well`) });
    expect(line.textContent).toContain("✓");
  });
});

test("what is filled in is sent, and a password is not shown", async () => {
  render(<Page broker={server.url} />);
  await userEvent.clear(screen.getByLabelText("Password"));
  await userEvent.type(screen.getByLabelText("Password"), "s3cret");
  await userEvent.clear(screen.getByLabelText("Email"));
  await userEvent.type(screen.getByLabelText("Email"), "a@b.c");
  await press("Authentication");
  await within(received()).findByText("200 OK");
  const asked = server.asked.find(({ url }) => url === "/authentication");
  expect(JSON.parse(asked?.body ?? "null")).toEqual({ email: "a@b.c", password: "s3cret" });
  expect(sent().textContent).toContain("a@b.c");
  expect(document.body.textContent).not.toContain("s3cret");
});

test("a refusal is shown as an error, with what the broker says and when to ask again", async () => {
  answer = (_, response) => {
    response.setHeader("retry-after", "7");
    json(response, 503, { error: true, message: "RabbitMQ does not answer" });
  };
  render(<Page broker={server.url} />);
  await press("Log by RabbitMQ");
  const outcome = await within(received()).findByText("503 Service Unavailable");
  expect(outcome.parentElement?.className).toContain("error");
  expect(received().textContent).toContain("Ask again after 7 s");
  expect(screen.getByRole("button", { name: /Log by RabbitMQ.*503.*RabbitMQ does not answer/ }).textContent).toContain(
    "✗",
  );
});

test("an error in the envelope is one whatever the status", async () => {
  answer = (_, response) => json(response, 200, { error: true, message: "not really" });
  render(<Page broker={server.url} />);
  await press("Broker");
  const outcome = await within(received()).findByText("200 OK");
  expect(outcome.parentElement?.className).toContain("error");
});

test.each([
  ["<h1>Bad gateway</h1>", "the answer is not JSON"],
  ["[1, 2]", "the answer is JSON, but not the broker's"],
  ["", "the answer is empty"],
])("an answer that is none of the broker's is shown as it came: %s", async (text, oddity) => {
  answer = (_, response) => void response.end(text);
  render(<Page broker={server.url} />);
  await press("Broker");
  await within(received()).findByText(`Odd: ${oddity}.`);
  expect(received().querySelector("h1")).toBeNull();
  if (text.startsWith("<")) expect(received().textContent).toContain(text);
});

test("a broker that can't be reached is told with its address", async () => {
  const gone = server.url;
  await server.close();
  render(<Page broker={gone} />);
  await press("Broker");
  await within(received()).findByText(new RegExp(`the broker at ${gone} can't be reached`));
  // So are the entries, which can't be read either.
  expect((await screen.findByRole("alert")).textContent).toContain("can't be reached");
});

test("a slow answer is pending, can be cancelled, and does not hold up others", async () => {
  let slow: ServerResponse | undefined;
  answer = (asked, response) => {
    if (asked.url === "/json-logger") slow = response;
    else json(response, 200, { error: false, message: "quick" });
  };
  render(<Page broker={server.url} />);
  await press("Log by JSON");
  expect(received().textContent).toContain("pending");
  await press("Broker");
  await within(received()).findByText("200 OK");
  await userEvent.click(screen.getByRole("button", { name: /Log by JSON.*pending/ }));
  await waitFor(() => expect(slow).toBeDefined());
  const closed = new Promise((done) => slow?.on("close", done));
  await userEvent.click(screen.getByRole("button", { name: "Cancel" }));
  await within(received()).findByText("cancelled");
  await closed;
});

test("a very long answer is cut", async () => {
  const data = "x".repeat(100_000);
  answer = (_, response) => json(response, 200, { error: false, message: "long", data });
  render(<Page broker={server.url} />);
  await press("Broker");
  await within(received()).findByText(/more characters/);
  expect(received().textContent?.length).toBeLessThan(25_000);
});

test("entries are read at first and after one was stored, with their paths, as text", async () => {
  render(<Page broker={server.url} />);
  await screen.findByText("No entries yet.");
  const markup = `<img src=x onerror=alert(1)>${"y".repeat(200)}`;
  entries = [{ id: "k1", name: "event", data: markup, created_at: "2026-11-27T04:12:28Z", via: "amqp" }];
  await press("Log by RabbitMQ");
  const row = (await screen.findByText("k1")).closest("tr");
  expect(row?.textContent).toContain("amqp");
  expect(row?.textContent).toContain(markup);
  expect(row?.querySelector("img")).toBeNull();
});

test("entries are read again when asked to", async () => {
  render(<Page broker={server.url} />);
  await screen.findByText("No entries yet.");
  entries = [{ id: "k2", name: "n", data: "d", created_at: "2026-11-27T04:12:28Z", via: "grpc" }];
  await userEvent.click(screen.getByRole("button", { name: "Refresh" }));
  await screen.findByText("k2");
});

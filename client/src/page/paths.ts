// Paths through the system, and the request of each.
import * as words from "../words";
import { idempotencyKey, type Request } from "../broker/exchange";

/** Severities that a message to RabbitMQ can have. */
export const SEVERITIES = ["INFO", "WARNING", "ERROR"] as const;

/** Content of the fields. */
export interface Fields {
  email: string;
  password: string;
  name: string;
  data: string;
  severity: (typeof SEVERITIES)[number];
}

/** Content of the fields at first, which every path accepts. */
export const INITIAL: Fields = {
  email: "admin@example.com",
  password: "password123",
  name: "event",
  data: "Some kind of log data",
  severity: "INFO",
};

/** A path through the system. */
export interface Path {
  /** Title of its button. */
  title: string;
  /** Explanation in a few words. */
  about: string;
  /** True if a success stores an entry. */
  stores: boolean;
  route: string;
  body: (fields: Fields) => unknown;
}

const entry = ({ name, data }: Fields) => ({ name, data });

/** All paths, in the order of their buttons. */
export const PATHS: readonly Path[] = [
  path(words.PATHS.broker, false, "/", () => ({})),
  path(words.PATHS.authentication, false, "/authentication", ({ email, password }) => ({ email, password })),
  path(words.PATHS.grpc, true, "/grpc-logger", entry),
  path(words.PATHS.amqp, true, "/rabbitmq-logger", (fields) => ({ ...entry(fields), severity: fields.severity })),
  path(words.PATHS.json, true, "/json-logger", entry),
];

function path([title, about]: readonly [string, string], stores: boolean, route: string, body: Path["body"]): Path {
  return { title, about, stores, route, body };
}

/** The request of a path. */
export function requestOf(path: Path, fields: Fields, broker: string): Request {
  const headers: Record<string, string> = { "Content-Type": "application/json" };
  if (path.stores) headers["Idempotency-Key"] = idempotencyKey();
  return { service: path.title, method: "POST", url: broker + path.route, headers, body: path.body(fields) };
}

/** The body without the password, for the screen. */
export function shownBody(body: unknown): string {
  const hide = (key: string, value: unknown) => (key === "password" ? "••••••••" : value);
  return JSON.stringify(body, hide, 2);
}

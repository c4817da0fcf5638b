// The ways through the system, and what each button sends.
import { idempotencyKey, type Request } from "../broker/exchange";

/** Severities that a message to RabbitMQ can have. */
export const SEVERITIES = ["INFO", "WARNING", "ERROR"] as const;

/** What a person has filled in. */
export interface Fields {
  email: string;
  password: string;
  name: string;
  data: string;
  severity: (typeof SEVERITIES)[number];
}

/** What stands in the fields at first: what works. */
export const INITIAL: Fields = {
  email: "admin@example.com",
  password: "password123",
  name: "event",
  data: "Some kind of log data",
  severity: "INFO",
};

/** A way through the system. */
export interface Path {
  /** On its button. */
  title: string;
  /** What it shows, in a few words. */
  about: string;
  /** Whether a success stores an entry. */
  stores: boolean;
  route: string;
  body: (fields: Fields) => unknown;
}

const entry = ({ name, data }: Fields) => ({ name, data });

/** All of them, in the order of their buttons. */
export const PATHS: readonly Path[] = [
  { title: "Broker", about: "the entry alone", stores: false, route: "/", body: () => ({}) },
  {
    title: "Authentication",
    about: "JSON to authentication, PostgreSQL",
    stores: false,
    route: "/authentication",
    body: ({ email, password }) => ({ email, password }),
  },
  { title: "Log by gRPC", about: "gRPC to logger, MongoDB", stores: true, route: "/grpc-logger", body: entry },
  {
    title: "Log by RabbitMQ",
    about: "RabbitMQ, listener, logger, MongoDB",
    stores: true,
    route: "/rabbitmq-logger",
    body: (fields) => ({ ...entry(fields), severity: fields.severity }),
  },
  { title: "Log by JSON", about: "JSON to logger, MongoDB", stores: true, route: "/json-logger", body: entry },
];

/** What the button of a path sends. */
export function requestOf(path: Path, fields: Fields, broker: string): Request {
  const headers: Record<string, string> = { "Content-Type": "application/json" };
  if (path.stores) headers["Idempotency-Key"] = idempotencyKey();
  return { service: path.title, method: "POST", url: broker + path.route, headers, body: path.body(fields) };
}

/** The body as it is shown: without the password. */
export function shownBody(body: unknown): string {
  const hide = (key: string, value: unknown) => (key === "password" ? "••••••••" : value);
  return JSON.stringify(body, hide, 2);
}

// One request to the broker and its answer.
import { EXCHANGE } from "../words";
import { type Answer, read } from "./answer";

/** A request. */
export interface Request {
  /** Title of its path. */
  service: string;
  method: "GET" | "POST";
  url: string;
  headers: Record<string, string>;
  /** None for a GET. */
  body?: unknown;
}

/** The end of a request. */
export type Ending =
  | { kind: "answered"; answer: Answer; ms: number }
  | { kind: "unreachable"; message: string; ms: number }
  | { kind: "cancelled"; message: string; ms: number };

/** A key of a request's own, so that the broker stores it once however often it is sent. */
export function idempotencyKey(): string {
  // Only a page of a secure origin has the first.
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Sends a request and waits for its end; it never throws. */
export async function perform(request: Request, signal: AbortSignal): Promise<Ending> {
  const begun = performance.now();
  const took = () => performance.now() - begun;
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: request.headers,
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      signal,
    });
    const answer = await read(response);
    return { kind: "answered", answer, ms: took() };
  } catch (error) {
    if (signal.aborted) {
      return { kind: "cancelled", message: EXCHANGE.cancelledHere, ms: took() };
    }
    const why = error instanceof Error ? error.message : String(error);
    const origin = new URL(request.url).origin;
    const message = EXCHANGE.brokerUnreachable(origin, why);
    return { kind: "unreachable", message, ms: took() };
  }
}

// One request to the broker and what became of it.
import { type Answer, read } from "./answer";

/** A request: what is sent. */
export interface Request {
  /** Of which path, as people call it. */
  service: string;
  method: "GET" | "POST";
  url: string;
  headers: Record<string, string>;
  /** None for a GET. */
  body?: unknown;
}

/** How a request ended. */
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
      const message = "cancelled here; the broker may have done it all the same";
      return { kind: "cancelled", message, ms: took() };
    }
    const why = error instanceof Error ? error.message : String(error);
    const origin = new URL(request.url).origin;
    const message = `the broker at ${origin} can't be reached (${why}): is the system up?`;
    return { kind: "unreachable", message, ms: took() };
  }
}

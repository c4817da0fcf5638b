// An exchange in one line: never by its colour alone.
import { millis } from "../text/time";
import { EXCHANGE } from "../words";
import type { Exchange } from "./useExchanges";

/** The outcome of an exchange. */
export interface Outcome {
  kind: "pending" | "ok" | "error" | "cancelled";
  sign: string;
  /** Status or state. */
  state: string;
  message: string;
  /** Time from request to answer; none while it is in flight. */
  took?: string;
}

/** The outcome so far. */
export function outcomeOf({ ending }: Exchange): Outcome {
  if (ending === undefined) return { kind: "pending", sign: "…", state: EXCHANGE.pending, message: EXCHANGE.noAnswer };
  const took = millis(ending.ms);
  switch (ending.kind) {
    case "answered": {
      const { ok, status, statusText, message } = ending.answer;
      const state = `${status} ${statusText}`.trim();
      return { kind: ok ? "ok" : "error", sign: ok ? "✓" : "✗", state, message, took };
    }
    case "unreachable":
      return { kind: "error", sign: "✗", state: EXCHANGE.unreachable, message: ending.message, took };
    case "cancelled":
      return { kind: "cancelled", sign: "⊘", state: EXCHANGE.cancelled, message: ending.message, took };
  }
}

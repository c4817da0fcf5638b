// How an exchange is told in one line: never by its colour alone.
import { millis } from "../text/time";
import type { Exchange } from "./useExchanges";

/** What became of an exchange. */
export interface Outcome {
  kind: "pending" | "ok" | "error" | "cancelled";
  sign: string;
  /** Status or state. */
  state: string;
  message: string;
  /** How long it took; none while it is under way. */
  took?: string;
}

/** What became of it, so far. */
export function outcomeOf({ ending }: Exchange): Outcome {
  if (ending === undefined) return { kind: "pending", sign: "…", state: "pending", message: "no answer yet" };
  const took = millis(ending.ms);
  switch (ending.kind) {
    case "answered": {
      const { ok, status, statusText, message } = ending.answer;
      const state = `${status} ${statusText}`.trim();
      return { kind: ok ? "ok" : "error", sign: ok ? "✓" : "✗", state, message, took };
    }
    case "unreachable":
      return { kind: "error", sign: "✗", state: "not reached", message: ending.message, took };
    case "cancelled":
      return { kind: "cancelled", sign: "⊘", state: "cancelled", message: ending.message, took };
  }
}

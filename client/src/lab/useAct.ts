// Actions of the lab: a request, its state, and the reason if it is refused.
import { useCallback, useState } from "react";
import { act } from "./live";

/** An action. */
export interface Acting {
  /** Requests it; true if it succeeds. */
  go: (method: "POST" | "DELETE", route: string, body?: unknown) => Promise<boolean>;
  isPending: boolean;
  problem: string | undefined;
}

/** Requests actions with a token. */
export function useAct(token: string): Acting {
  const [isPending, setPending] = useState(false);
  const [problem, setProblem] = useState<string>();
  const go = useCallback(
    async (method: "POST" | "DELETE", route: string, body?: unknown) => {
      setPending(true);
      setProblem(undefined);
      try {
        await act(method, route, token, body);
        return true;
      } catch (error) {
        setProblem(error instanceof Error ? error.message : String(error));
        return false;
      } finally {
        setPending(false);
      }
    },
    [token],
  );
  return { go, isPending, problem };
}

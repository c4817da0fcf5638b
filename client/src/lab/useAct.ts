// Asking the lab to do something: whether it is under way, and why it was not done.
import { useCallback, useState } from "react";
import { act } from "./live";

/** Something that can be asked for. */
export interface Acting {
  /** Asks; true if it is done. */
  go: (method: "POST" | "DELETE", route: string, body?: unknown) => Promise<boolean>;
  isUnderWay: boolean;
  problem: string | undefined;
}

/** Asks with a token. */
export function useAct(token: string): Acting {
  const [isUnderWay, setUnderWay] = useState(false);
  const [problem, setProblem] = useState<string>();
  const go = useCallback(
    async (method: "POST" | "DELETE", route: string, body?: unknown) => {
      setUnderWay(true);
      setProblem(undefined);
      try {
        await act(method, route, token, body);
        return true;
      } catch (error) {
        setProblem(error instanceof Error ? error.message : String(error));
        return false;
      } finally {
        setUnderWay(false);
      }
    },
    [token],
  );
  return { go, isUnderWay, problem };
}

// Changes of the lab's data, and requests to it.
import { LAB } from "../words";
import type { Fault, State } from "../state";

export type * from "../state";

/** Seconds that are kept, as the lab keeps them. */
const KEPT = 900;

/** The state after a change: its seconds replace the same ones before, everything else is complete. */
export function changed(before: State, change: State): State {
  if (change.run?.folder !== before.run?.folder) return { ...change };
  const seconds = new Map(before.seconds.map((second) => [second.second, second]));
  for (const second of change.seconds) seconds.set(second.second, second);
  const ordered = [...seconds.values()].sort((a, b) => a.second - b.second).slice(-KEPT);
  return { ...change, seconds: ordered };
}

/** Returns true if a fault is active, so that it can be healed. */
export function isActive(fault: Fault): boolean {
  return fault.active !== null && fault.heal === null && !fault.broken;
}

/** Reads from the lab. */
export async function read<T>(route: string, signal?: AbortSignal): Promise<T> {
  const answer = await fetch(route, { cache: "no-store", ...(signal === undefined ? {} : { signal }) });
  if (!answer.ok) throw new Error(await problem(answer));
  return (await answer.json()) as T;
}

/** Requests an action of the lab; the error of a refusal gives the reason. */
export async function act(method: "POST" | "DELETE", route: string, token: string, body?: unknown): Promise<void> {
  let answer: Response;
  try {
    answer = await fetch(route, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw new Error(LAB.unreachable);
  }
  if (!answer.ok) throw new Error(await problem(answer));
}

async function problem(answer: Response): Promise<string> {
  const text = await answer.text();
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    if (typeof error === "string") return error;
  } catch {
    // The text is shown as it came.
  }
  return LAB.problem(answer.status, text.slice(0, 200));
}

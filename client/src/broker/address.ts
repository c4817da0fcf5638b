// Where the broker is.

/** The broker where nothing else is said: as `faultline up` and compose publish it. */
export const DEFAULT = import.meta.env.VITE_BROKER_URL ?? "http://localhost:8080";

/**
 * The broker's address as `/config.json` beside the page says, `{"broker": "http://…"}`, which a container is started
 * with. Without such a file, or with one that is none, it is {@link DEFAULT}.
 */
export async function brokerAddress(): Promise<string> {
  try {
    const answer = await fetch("/config.json", { cache: "no-store" });
    const said: unknown = await answer.json();
    const broker = (said as { broker?: unknown } | null)?.broker;
    if (answer.ok && typeof broker === "string" && /^https?:\/\//.test(broker)) return broker.replace(/\/+$/, "");
  } catch {
    // Vite's own server answers with the page where there is no file.
  }
  return DEFAULT;
}

// Times as people read them.

/** Milliseconds: `0.4 ms`, `12 ms`, `3.20 s`. */
export function millis(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

/** The time of day, to the second. */
export function clock(at: Date): string {
  return at.toLocaleTimeString("en-GB");
}

// Seconds put together, so that a long run is drawn as quickly as a short one.
import type { Figures, Second } from "./live";

/** Bars of a chart, at most. */
export const BARS = 150;

/** What became of a path's operations in one bar; counts are a second. */
export interface Bin extends Figures {
  /** Where it begins, in seconds after the start of the load. */
  at: number;
}

/** Seconds that one bar stands for, where the last second is this. */
export function widthOf(last: number): number {
  return Math.max(1, Math.ceil((last + 1) / BARS));
}

/**
 * The bars of one path. Of latencies a bar tells the highest p99 and maximum of its seconds, and the mean of their
 * medians.
 */
export function bins(seconds: readonly Second[], path: string, width: number): Bin[] {
  const found = new Map<number, { sum: Bin; medians: number[] }>();
  for (const { second, paths } of seconds) {
    const figures = paths[path];
    if (figures === undefined) continue;
    const at = Math.floor(second / width) * width;
    const { sum, medians } = found.get(at) ?? { sum: empty(at), medians: [] };
    for (const key of ["offered", "ok", "fail", "info", "dropped"] as const) sum[key] += figures[key] / width;
    if (figures.p50 !== null) medians.push(figures.p50);
    sum.p99 = highest(sum.p99, figures.p99);
    sum.max = highest(sum.max, figures.max);
    found.set(at, { sum, medians });
  }
  return [...found.values()].map(({ sum, medians }) => ({
    ...sum,
    p50: medians.length === 0 ? null : medians.reduce((a, b) => a + b, 0) / medians.length,
  }));
}

function empty(at: number): Bin {
  return { at, offered: 0, ok: 0, fail: 0, info: 0, dropped: 0, p50: null, p99: null, max: null };
}

function highest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}

// Numbers as people read them: short, with as many digits as say something.
import { NONE } from "../words";

/** A rate, like `0.4`, `12` or `3.4k`. */
export function rate(value: number): string {
  if (value >= 10_000) return `${Math.round(value / 1000)}k`;
  if (value >= 1_000) return `${(value / 1000).toFixed(1)}k`;
  return value >= 10 || value === 0 ? String(Math.round(value)) : value.toFixed(1);
}

/** Milliseconds, like `0.4 ms`, `12 ms` or `3.4 s`. */
export function millis(value: number): string {
  if (value >= 1_000) return `${(value / 1000).toFixed(1)} s`;
  return `${value >= 10 ? Math.round(value) : value.toFixed(1)} ms`;
}

/** Bytes, like `12 B`, `3.4 kB` or `1.2 MB`. */
export function bytes(value: number): string {
  if (value >= 1_000_000) return `${(value / 1_000_000).toFixed(1)} MB`;
  return value >= 1_000 ? `${(value / 1000).toFixed(1)} kB` : `${Math.round(value)} B`;
}

/** A whole number, or a dash where it is not known. */
export function count(value: number | null): string {
  return value === null ? NONE : value.toLocaleString("en");
}

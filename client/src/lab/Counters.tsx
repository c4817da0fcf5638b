// Counts of the run: operations by outcome, and entries.
import type { Counts, Run } from "./live";
import { counters } from "../words";
import { count } from "./numbers";

/** The counters of a run, live until the verdict and final after it. */
export function Counters({ counts, run }: { counts: Counts; run: Run | null }) {
  if (run === null) return null;
  return (
    <dl className="counters">
      {counters(counts).map(([name, value, isBad]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className={isBad && (value ?? 0) > 0 ? "error" : ""}>{count(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

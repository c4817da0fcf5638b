// Sums over the run: what was acknowledged, and what became of it.
import type { Counts, Run } from "./live";
import { count } from "./numbers";

/** The counters; lost ones are known for sure only when the run is judged. */
export function Counters({ counts, run }: { counts: Counts; run: Run | null }) {
  const isJudged = counts.lost !== null;
  const lost = isJudged ? counts.lost : counts.missing;
  const figures: [string, number | null, string][] = [
    ["offered", counts.offered, ""],
    ["ok", counts.ok, ""],
    ["refused", counts.fail, ""],
    ["unknown", counts.info, ""],
    ["not sent", counts.dropped, ""],
    ["entries acknowledged", counts.acknowledged, ""],
    ["stored", counts.stored, ""],
    [isJudged ? "lost" : "not stored yet", lost, isJudged && (lost ?? 0) > 0 ? "error" : ""],
    ["duplicated", counts.duplicated, (counts.duplicated ?? 0) > 0 ? "error" : ""],
  ];
  if (run === null) return null;
  return (
    <dl className="counters">
      {figures.map(([name, value, kind]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className={kind}>{count(value)}</dd>
        </div>
      ))}
    </dl>
  );
}

// Earlier runs, with their verdicts and reports.
import { useEffect, useState } from "react";
import { Table } from "../table/Table";
import { cut } from "../text/cut";
import { HEADINGS, NONE, RUNS, SIGNS } from "../words";
import { type Earlier, read } from "./live";
import { KINDS } from "./Load";
import { Problem } from "./Problem";

/** The list; it is read again when `judged` changes, the folder of the last verdict. */
export function Runs({ judged }: { judged: string | undefined }) {
  const [runs, setRuns] = useState<Earlier[]>();
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    const controller = new AbortController();
    read<Earlier[]>("/api/runs", controller.signal)
      .then((list) => {
        setRuns(list);
        setProblem(undefined);
      })
      .catch((error: unknown) => {
        if (!controller.signal.aborted) setProblem(error instanceof Error ? error.message : String(error));
      });
    return () => controller.abort();
  }, [judged]);
  return (
    <section aria-labelledby="runs-title">
      <h2 id="runs-title">{HEADINGS.runs}</h2>
      <Problem message={problem} />
      {runs?.length === 0 && <p className="quiet">{RUNS.none}</p>}
      {runs !== undefined && runs.length > 0 && <RunTable runs={runs} />}
    </section>
  );
}

function RunTable({ runs }: { runs: Earlier[] }) {
  return (
    <Table label={RUNS.table} titles={RUNS.columns}>
      {runs.map((run) => (
        <tr key={run.folder}>
          <td className={run.verdict === null ? "quiet" : KINDS[run.verdict]}>
            {run.verdict === null ? NONE : `${SIGNS[run.verdict]} ${run.verdict}`}
          </td>
          <td>{run.scenario}</td>
          <td className="id">{run.folder}</td>
          <td>{cut(run.why, 300)}</td>
          <td>
            {run.files.map((file) => (
              <a key={file} href={`/runs/${run.folder}/${file}`}>
                {file}
              </a>
            ))}
          </td>
        </tr>
      ))}
    </Table>
  );
}

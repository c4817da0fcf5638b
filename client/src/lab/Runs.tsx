// The runs before, with their verdicts and reports.
import { useEffect, useState } from "react";
import { Table } from "../table/Table";
import { cut } from "../text/cut";
import { type Earlier, read } from "./live";
import { KINDS, SIGNS } from "./Load";
import { Problem } from "./Problem";

/** Read when `judged` changes: the verdict of the run that was. */
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
      <h2 id="runs-title">Runs</h2>
      <Problem told={problem} />
      {runs?.length === 0 && <p className="quiet">There is no run yet.</p>}
      {runs !== undefined && runs.length > 0 && <RunTable runs={runs} />}
    </section>
  );
}

function RunTable({ runs }: { runs: Earlier[] }) {
  return (
    <Table label="table of the runs" titles={["verdict", "scenario", "run", "why", "files"]}>
      {runs.map((run) => (
        <tr key={run.folder}>
          <td className={run.verdict === null ? "quiet" : KINDS[run.verdict]}>
            {run.verdict === null ? "–" : `${SIGNS[run.verdict]} ${run.verdict}`}
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

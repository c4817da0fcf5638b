// The latest stored entries, and the path of each.
import { useCallback, useEffect, useState } from "react";
import { type Ending, perform } from "../broker/exchange";
import { Table } from "../table/Table";
import { cut } from "../text/cut";
import { ENTRIES } from "../words";

/** Number of entries that are read. */
const LIMIT = 20;
/** Milliseconds between two readings. */
const EVERY = 2000;
/** Characters of an entry's data in its row; the rest can be opened. */
const ROW = 80;

/** An entry as the broker returns it. */
interface Entry {
  id: string;
  name: string;
  data: string;
  created_at: string;
  via: string;
}

function entriesOf(ending: Ending): Entry[] | string {
  if (ending.kind !== "answered") return ending.message;
  const { ok, message, envelope } = ending.answer;
  if (!ok) return message;
  return Array.isArray(envelope?.data) ? (envelope.data as Entry[]) : ENTRIES.notEntries;
}

/** The entries, read again when `broker` or `stored` (the number stored from this page) changes, and on request. */
export function Entries({ broker, stored }: { broker: string; stored: number }) {
  const [entries, setEntries] = useState<readonly Entry[]>();
  const [problem, setProblem] = useState<string>();
  const [follows, setFollows] = useState(false);

  const refresh = useCallback(
    async (signal: AbortSignal) => {
      const url = `${broker}/logs?limit=${LIMIT}`;
      const ending = await perform({ service: ENTRIES.service, method: "GET", url, headers: {} }, signal);
      if (signal.aborted) return;
      const read = entriesOf(ending);
      setProblem(typeof read === "string" ? read : undefined);
      if (typeof read !== "string") setEntries(read);
    },
    [broker],
  );

  useEffect(() => {
    const controller = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    // The next reading waits for this one, so that a slow broker is not asked twice at once.
    const go = async () => {
      await refresh(controller.signal);
      if (follows && !controller.signal.aborted) timer = setTimeout(go, EVERY);
    };
    void go();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [refresh, stored, follows]);

  return (
    <section aria-labelledby="entries-title">
      <h2 id="entries-title">{ENTRIES.title}</h2>
      <p className="tools">
        <button type="button" className="small" onClick={() => void refresh(new AbortController().signal)}>
          {ENTRIES.refresh}
        </button>
        <label>
          <input type="checkbox" checked={follows} onChange={(event) => setFollows(event.target.checked)} /> {ENTRIES.follow}
        </label>
      </p>
      {problem !== undefined && (
        <p className="outcome error" role="alert">
          <span aria-hidden="true">✗ </span>
          {cut(problem, 500)}
        </p>
      )}
      {entries !== undefined && <EntryTable entries={entries} />}
    </section>
  );
}

function EntryTable({ entries }: { entries: readonly Entry[] }) {
  if (entries.length === 0) return <p className="quiet">{ENTRIES.none}</p>;
  return (
    <Table label={ENTRIES.table} titles={ENTRIES.columns}>
      {entries.map((entry) => (
        <tr key={entry.id}>
          <td>{entry.created_at}</td>
          <td>{entry.via}</td>
          <td>{cut(String(entry.name), ROW)}</td>
          <td>
            <Data data={String(entry.data)} />
          </td>
          <td className="id">{entry.id}</td>
        </tr>
      ))}
    </Table>
  );
}

function Data({ data }: { data: string }) {
  if (data.length <= ROW) return <>{data}</>;
  return (
    <details>
      <summary>{data.slice(0, ROW)}…</summary>
      <pre>{cut(data)}</pre>
    </details>
  );
}

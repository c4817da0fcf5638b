// The current run: a manual load can be begun and ended here, a scenario is shown.
import { useState } from "react";
import { HEADINGS, LOAD, SIGNS, STAGES } from "../words";
import type { State, System } from "./live";
import { Problem } from "./Problem";
import { useAct } from "./useAct";

/** Arrival rate of each path at first: enough to see something, little enough for any machine. */
const FIRST = "5/s";

interface Props {
  system: System;
  state: State;
  token: string;
}

/** The current run, or a form that begins one. */
export function Load({ system, state, token }: Props) {
  const { run } = state;
  const isOn = run !== null && run.stage !== "over";
  return (
    <section aria-labelledby="load-title">
      <h2 id="load-title">{HEADINGS.load}</h2>
      {isOn ? (
        <>
          <p>
            <strong>{run.scenario}</strong>: {STAGES[run.stage]}
            {system.can_load || run.ends === null ? "" : LOAD.length(run.ends)}
          </p>
          {system.can_load && run.stage === "load" && <End token={token} />}
        </>
      ) : null}
      {!isOn && system.can_load ? <Begin system={system} token={token} /> : null}
      <Verdict state={state} />
    </section>
  );
}

function End({ token }: { token: string }) {
  const { go, isPending, problem } = useAct(token);
  return (
    <>
      <button type="button" className="do" disabled={isPending} onClick={() => void go("DELETE", "/api/run")}>
        {LOAD.end}
      </button>
      <Problem message={problem} />
    </>
  );
}

function Begin({ system, token }: { system: System; token: string }) {
  const [rates, setRates] = useState<Record<string, string>>({});
  const { go, isPending, problem } = useAct(token);
  const rateOf = (path: string) => rates[path] ?? FIRST;
  const begin = () => {
    const given = system.paths.map(({ name }) => [name, rateOf(name).trim()]);
    void go("POST", "/api/run", { rates: Object.fromEntries(given.filter(([, rate]) => rate !== "")) });
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        begin();
      }}
    >
      <div className="rates">
        {system.paths.map(({ name }) => (
          <label key={name}>
            <span>{name}</span>
            <input value={rateOf(name)} onChange={(event) => setRates({ ...rates, [name]: event.target.value })} />
          </label>
        ))}
      </div>
      <button type="submit" className="do" disabled={isPending}>
        {LOAD.begin}
      </button>
      <Problem message={problem} />
    </form>
  );
}

/** Classes of verdicts. */
export const KINDS = { pass: "ok", fail: "error", unknown: "pending" } as const;

function Verdict({ state: { verdict } }: { state: State }) {
  if (verdict === null) return null;
  return (
    <p className={`judged ${KINDS[verdict.verdict]}`} role="status">
      <strong>
        <span aria-hidden="true">{SIGNS[verdict.verdict]} </span>
        {verdict.verdict}
      </strong>
      : {verdict.why}. <a href={`/runs/${verdict.folder}/report.html`}>{LOAD.report}</a>
    </p>
  );
}

// Begins a load by hand and ends it; or tells of the scenario that runs.
import { useState } from "react";
import type { State, System } from "./live";
import { Problem } from "./Problem";
import { useAct } from "./useAct";

/** Operations a second on each path at first: enough to see something, little enough for any machine. */
const FIRST = "5/s";

const STAGES: Record<string, string> = {
  starting: "starting",
  load: "sending",
  settle: "healing what acts, and looking whether everything works again",
  drain: "waiting until all that was acknowledged is stored",
  observe: "reading the stores",
  shutdown: "ending the system",
  judge: "judging",
};

interface Props {
  system: System;
  state: State;
  token: string;
}

/** The run that goes on, or how to begin one. */
export function Load({ system, state, token }: Props) {
  const { run } = state;
  const isOn = run !== null && run.stage !== "over";
  return (
    <section aria-labelledby="load-title">
      <h2 id="load-title">Load</h2>
      {isOn ? (
        <>
          <p>
            <strong>{run.scenario}</strong>: {STAGES[run.stage]}
            {system.can_load || run.ends === null ? "" : `, ${run.ends} s in all`}
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
  const { go, isUnderWay, problem } = useAct(token);
  return (
    <>
      <button type="button" className="do" disabled={isUnderWay} onClick={() => void go("DELETE", "/api/run")}>
        End the load and judge
      </button>
      <Problem told={problem} />
    </>
  );
}

function Begin({ system, token }: { system: System; token: string }) {
  const [rates, setRates] = useState<Record<string, string>>({});
  const { go, isUnderWay, problem } = useAct(token);
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
      <button type="submit" className="do" disabled={isUnderWay}>
        Begin the load
      </button>
      <Problem told={problem} />
    </form>
  );
}

/** Signs of verdicts, so that colour is not all that tells them apart. */
export const SIGNS = { pass: "✓", fail: "✗", unknown: "?" } as const;

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
      : {verdict.why}. <a href={`/runs/${verdict.folder}/report.html`}>Open the report</a>
    </p>
  );
}

// The live lab: the system as it is right now, faults by a click, what becomes of the load, and the runs before.
import { useState } from "react";
import { Charts } from "./Charts";
import { Counters } from "./Counters";
import { Faults } from "./Faults";
import { Graph, type Target } from "./Graph";
import type { State, System } from "./live";
import { Load } from "./Load";
import { Panel } from "./Panel";
import { Runs } from "./Runs";
import { useLive } from "./useLive";

/** The page; `token` is what acting needs. */
export function Lab({ token }: { token: string }) {
  const { system, state, connected } = useLive();
  return (
    <>
      <header>
        <h1>Faultline: the live lab</h1>
        <p>
          {state?.run ? `${state.run.shows} · ` : ""}
          <a href="/page">try every path by hand</a>
        </p>
      </header>
      <main>
        {!connected && (
          <p className="pending" role="status">
            {state === undefined ? "Asking the lab…" : "The lab does not answer; what you see was so before. Trying again…"}
          </p>
        )}
        {token === "" && (
          <p className="pending">You can look. Acting needs the token: open the address that the terminal prints.</p>
        )}
        {system !== undefined && state !== undefined && <Whole system={system} state={state} token={token} />}
      </main>
    </>
  );
}

function Whole({ system, state, token }: { system: System; state: State; token: string }) {
  const [chosen, choose] = useState<Target>();
  return (
    <>
      <div className="top">
        <section aria-labelledby="system-title">
          <h2 id="system-title">System</h2>
          <div className="wide">
            <Graph system={system} state={state} chosen={chosen} choose={choose} />
          </div>
        </section>
        <div className="side">
          <Load system={system} state={state} token={token} />
          {chosen === undefined ? (
            <p className="quiet">Choose a node or a link in the graph to do a fault to it.</p>
          ) : (
            <Panel target={chosen} system={system} state={state} token={token} />
          )}
          <section aria-labelledby="faults-title">
            <h2 id="faults-title">Faults</h2>
            <Faults state={state} token={token} />
          </section>
        </div>
      </div>
      <Counters counts={state.counts} run={state.run} />
      <section aria-labelledby="charts-title">
        <h2 id="charts-title">Over time</h2>
        <Charts state={state} />
      </section>
      <section aria-labelledby="lines-title">
        <h2 id="lines-title">What happened</h2>
        <Lines state={state} />
      </section>
      <Runs judged={state.verdict?.folder} />
    </>
  );
}

function Lines({ state: { lines } }: { state: State }) {
  if (lines.length === 0) return <p className="quiet">Nothing yet.</p>;
  return (
    <ol className="lines" tabIndex={0} aria-labelledby="lines-title">
      {[...lines].reverse().map(({ at, text }, index) => (
        // The newest first: a place is not a line's own, and nothing in it keeps a state.
        <li key={index}>
          <span className="quiet">{at === null ? "" : `${at.toFixed(1)} s`}</span> {text}
        </li>
      ))}
    </ol>
  );
}

// The live lab: the system as it is now, manual faults and loads, charts of every path, and earlier runs.
import { useState } from "react";
import type { Target } from "../picture/drawing";
import { Picture } from "../picture/Picture";
import { EVENTS, HEADINGS, LAB, PANEL, subtitle } from "../words";
import { Charts } from "./Charts";
import { Counters } from "./Counters";
import { Faults } from "./Faults";
import type { State, System } from "./live";
import { Load } from "./Load";
import { Panel } from "./Panel";
import { Runs } from "./Runs";
import { useLive } from "./useLive";

/** The page; changing anything needs the `token`. */
export function Lab({ token }: { token: string }) {
  const { system, state, connected } = useLive();
  return (
    <>
      <header>
        <h1>{LAB.title}</h1>
        <p>
          {state === undefined ? "" : subtitle(state)}
          <a href="/page">{LAB.page}</a>
        </p>
      </header>
      <main>
        {!connected && (
          <p className="pending" role="status">
            {state === undefined ? LAB.connecting : LAB.disconnected}
          </p>
        )}
        {token === "" && <p className="pending">{LAB.needsToken}</p>}
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
          <h2 id="system-title">{HEADINGS.system}</h2>
          <div className="wide system">
            <Picture drawing={state.pictures.system} chosen={chosen} choose={choose} />
          </div>
        </section>
        <div className="side">
          <Load system={system} state={state} token={token} />
          {chosen === undefined ? (
            <p className="quiet">{PANEL.choose}</p>
          ) : (
            <Panel target={chosen} system={system} state={state} token={token} />
          )}
          <section aria-labelledby="faults-title">
            <h2 id="faults-title">{HEADINGS.faults}</h2>
            <Faults state={state} token={token} />
          </section>
        </div>
      </div>
      <Counters counts={state.counts} run={state.run} />
      <section aria-labelledby="charts-title">
        <h2 id="charts-title">{HEADINGS.charts}</h2>
        <Charts state={state} />
      </section>
      <section aria-labelledby="lines-title">
        <h2 id="lines-title">{HEADINGS.events}</h2>
        <Lines state={state} />
      </section>
      <Runs judged={state.verdict?.folder} />
    </>
  );
}

function Lines({ state: { lines } }: { state: State }) {
  if (lines.length === 0) return <p className="quiet">{EVENTS.none}</p>;
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

// Faults of the run, and those between two runs: their states, their evidence, and a button that heals.
import { FAULTS, faultState } from "../words";
import { type Fault, isActive, type State } from "./live";
import { Problem } from "./Problem";
import { useAct } from "./useAct";

/** Active faults, each with a button that heals it, and earlier ones. */
export function Faults({ state, token }: { state: State; token: string }) {
  const { go, isPending, problem } = useAct(token);
  const faults = [
    ...state.faults.map((fault) => ({ fault, key: `run${fault.index}` })),
    ...state.between.map((fault) => ({ fault, key: `between${fault.index}` })),
  ];
  if (faults.length === 0) return <p className="quiet">{FAULTS.none}</p>;
  return (
    <>
      <ul className="faults">
        {faults.reverse().map(({ fault, key }) => (
          <li key={key}>
            <span className={faultKind(fault)}>
              <strong>{fault.what}</strong> {faultState(fault)}
            </span>
            {isActive(fault) && (
              <button
                type="button"
                className="small"
                disabled={isPending}
                onClick={() => void go("DELETE", `/api/faults/${fault.index}`)}
              >
                {FAULTS.heal}
                <span className="spoken"> {fault.what}</span>
              </button>
            )}
            <Evidence fault={fault} />
          </li>
        ))}
      </ul>
      <Problem message={problem} />
    </>
  );
}

function Evidence({ fault }: { fault: Fault }) {
  if (fault.evidence.length === 0) return null;
  return (
    <details>
      <summary>{FAULTS.evidence}</summary>
      <ul>
        {fault.evidence.map(({ what, shown }, index) => (
          // Lines are only ever added.
          <li key={index}>
            <span aria-hidden="true">{shown ? "✓" : "✗"}</span> {shown ? "" : FAULTS.missing}
            {what}
          </li>
        ))}
      </ul>
    </details>
  );
}

function faultKind(fault: Fault): string {
  if (fault.broken || isActive(fault)) return "error";
  return fault.ready === null ? "pending" : "ok";
}

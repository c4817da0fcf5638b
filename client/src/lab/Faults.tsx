// The faults of a run, and those between two: which act, how to heal them, and what was seen of each.
import { acts, type Fault, type State } from "./live";
import { Problem } from "./Problem";
import { useAct } from "./useAct";

/** Faults that act, each with a way to heal it; and those that were. */
export function Faults({ state, token }: { state: State; token: string }) {
  const { go, isUnderWay, problem } = useAct(token);
  const faults = [
    ...state.faults.map((fault) => ({ fault, key: `run${fault.index}` })),
    ...state.between.map((fault) => ({ fault, key: `between${fault.index}` })),
  ];
  if (faults.length === 0) return <p className="quiet">None yet. Choose a node or a link in the graph.</p>;
  return (
    <>
      <ul className="faults">
        {faults.reverse().map(({ fault, key }) => (
          <li key={key}>
            <span className={faultKind(fault)}>
              <strong>{fault.what}</strong> {faultWord(fault)}
            </span>
            {acts(fault) && (
              <button
                type="button"
                className="small"
                disabled={isUnderWay}
                onClick={() => void go("DELETE", `/api/faults/${fault.index}`)}
              >
                Heal<span className="spoken"> {fault.what}</span>
              </button>
            )}
            <Evidence fault={fault} />
          </li>
        ))}
      </ul>
      <Problem told={problem} />
    </>
  );
}

function Evidence({ fault }: { fault: Fault }) {
  if (fault.evidence.length === 0) return null;
  return (
    <details>
      <summary>what was seen of it</summary>
      <ul>
        {fault.evidence.map(({ what, shown }, index) => (
          // Lines are only ever added.
          <li key={index}>
            <span aria-hidden="true">{shown ? "✓" : "✗"}</span> {shown ? "" : "NOT seen: "}
            {what}
          </li>
        ))}
      </ul>
    </details>
  );
}

function faultKind(fault: Fault): string {
  if (fault.broken || acts(fault)) return "error";
  return fault.ready === null ? "pending" : "ok";
}

function faultWord(fault: Fault): string {
  if (fault.broken) return "✗ could not be done or undone";
  if (fault.ready !== null) {
    const took = fault.undo === null ? "" : ` ${(fault.ready - fault.undo).toFixed(1)} s after it was healed`;
    return `✓ over: all were ready${took}`;
  }
  if (fault.undo !== null) return "… healed, waiting until all are ready";
  return fault.active === null ? "… begins" : "● acts";
}

// The chosen node or link: its state, and a form that injects a fault with its attributes.
import { useState } from "react";
import type { Target } from "../picture/drawing";
import { NONE, nodeState, PANEL } from "../words";
import type { FaultKind, State, System } from "./live";
import { bytes, millis, rate } from "./numbers";
import { Problem } from "./Problem";
import { useAct } from "./useAct";

/** Keys of a fault that follow from the chosen node or link. */
const GIVEN = ["node", "link", "nodes", "from"];

/** Values of keys that accept only certain words. */
const WORDS: Record<string, string[]> = {
  stream: ["both", "upstream", "downstream"],
  direction: ["both", "outbound", "inbound"],
};

interface Props {
  target: Target;
  system: System;
  state: State;
  token: string;
}

/** The panel. */
export function Panel({ target, system, state, token }: Props) {
  const kinds = system.faults.filter(({ done_to }) => {
    if (target.kind === "link") return done_to === "a link";
    return done_to === "a node" || (done_to === "groups of nodes" && neighbours(system, target.name).length > 0);
  });
  return (
    <section className="panel" aria-labelledby="panel-title">
      <h2 id="panel-title">
        {PANEL[target.kind](target.name)}
      </h2>
      {target.kind === "node" ? <NodeFacts name={target.name} state={state} /> : <LinkFacts name={target.name} state={state} />}
      <Form key={`${target.kind}${target.name}`} kinds={kinds} target={target} system={system} token={token} />
    </section>
  );
}

function NodeFacts({ name, state }: { name: string; state: State }) {
  const look = state.nodes[name];
  const { sign, word, kind } = nodeState(look);
  return (
    <p className={kind}>
      <span aria-hidden="true">{sign}</span> {word}
      {look?.says ? `: ${look.says}` : ""}
    </p>
  );
}

function LinkFacts({ name, state }: { name: string; state: State }) {
  const look = state.links[name];
  if (look === undefined) return <p className="quiet">{PANEL.noData}</p>;
  const { p50_ms: p50, p99_ms: p99 } = look;
  const latency = p50 === null || p99 === null ? NONE : PANEL.latencyFigures(millis(p50), millis(p99));
  const facts: [string, string][] = [
    [PANEL.connections, PANEL.connectionFigures(look.open, rate(look.connects))],
    [PANEL.answers, `${rate(look.answers)}/s`],
    [PANEL.latency, latency],
    [PANEL.bytes, PANEL.byteFigures(bytes(look.upstream), bytes(look.downstream))],
    [PANEL.errors, PANEL.errorFigures(rate(look.errors))],
  ];
  return (
    <>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className="quiet">{PANEL.answerTime}</p>
    </>
  );
}

function neighbours(system: System, node: string): string[] {
  const others = system.links.flatMap(({ from, to }) => (from === node ? [to] : to === node ? [from] : []));
  return [...new Set(others)].sort();
}

interface FormProps {
  kinds: FaultKind[];
  target: Target;
  system: System;
  token: string;
}

function Form({ kinds, target, system, token }: FormProps) {
  const [name, setName] = useState(kinds[0]?.name ?? "");
  const [values, setValues] = useState<Record<string, string>>({});
  const { go, isPending, problem } = useAct(token);
  const kind = kinds.find((kind) => kind.name === name);
  if (kind === undefined) return null;
  const parameters = kind.parameters.filter((parameter) => !GIVEN.includes(parameter.name));
  const valueOf = (parameter: FaultKind["parameters"][number]) => values[parameter.name] ?? suggested(parameter);
  const inject = () => {
    const given = Object.fromEntries(
      parameters.map((parameter) => [parameter.name, written(parameter, valueOf(parameter))]).filter(([, value]) => value !== ""),
    );
    const groups = { nodes: [target.name], from: neighbours(system, target.name) };
    const place = kind.done_to === "groups of nodes" ? groups : { [target.kind]: target.name };
    void go("POST", "/api/faults", { kind: kind.name, ...place, ...given });
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        inject();
      }}
    >
      <label>
        <span>{PANEL.fault}</span>
        <select
          value={name}
          onChange={(event) => {
            setName(event.target.value);
            setValues({});
          }}
        >
          {kinds.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <p className="quiet about">{kind.about}.</p>
      {parameters.map((parameter) => (
        <Parameter
          key={parameter.name}
          parameter={parameter}
          value={valueOf(parameter)}
          change={(value) => setValues({ ...values, [parameter.name]: value })}
        />
      ))}
      <button type="submit" className="do" disabled={isPending}>
        {PANEL.inject(kind.name)}
      </button>
      <Problem message={problem} />
    </form>
  );
}

interface ParameterProps {
  parameter: FaultKind["parameters"][number];
  value: string;
  change: (value: string) => void;
}

function Parameter({ parameter, value, change }: ParameterProps) {
  const words = WORDS[parameter.name];
  return (
    <label title={parameter.about}>
      <span>
        {parameter.name}
        {parameter.unit !== "" && !isTime(parameter) ? ` (${parameter.unit})` : ""}
      </span>
      {words === undefined ? (
        <input value={value} onChange={(event) => change(event.target.value)} />
      ) : (
        <select value={value} onChange={(event) => change(event.target.value)}>
          {words.map((word) => (
            <option key={word}>{word}</option>
          ))}
        </select>
      )}
    </label>
  );
}

const isTime = ({ unit }: { unit: string }) => unit === "ms" || unit === "µs";

/** Value of a field at first: the default, or for a required attribute one with a visible effect. */
function suggested(parameter: FaultKind["parameters"][number]): string {
  if (parameter.default !== null) return isTime(parameter) ? "0ms" : parameter.default;
  if (isTime(parameter)) return "200ms";
  return parameter.unit === "" ? "1" : "100";
}

/** A value as a scenario writes it: times and words as text, everything else as a number. */
function written(parameter: FaultKind["parameters"][number], value: string): string | number {
  const text = value.trim();
  if (isTime(parameter)) return /^0\D*$/.test(text) ? "" : text;
  const number = Number(text);
  return text !== "" && Number.isFinite(number) ? number : text;
}

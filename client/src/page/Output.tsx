// The output area: a line for each exchange, the newest first.
import { clock } from "../text/time";
import { cut } from "../text/cut";
import { OUTPUT } from "../words";
import { Elapsed } from "./Elapsed";
import { outcomeOf } from "./outcome";
import type { Exchange } from "./useExchanges";

/** Characters of a message that a line holds. */
const LINE = 200;

interface Props {
  exchanges: readonly Exchange[];
  /** The exchange that is shown as a whole. */
  shown: number | undefined;
  show: (id: number) => void;
}

/** Lines to choose from. */
export function Output({ exchanges, shown, show }: Props) {
  const last = exchanges.find((exchange) => exchange.ending !== undefined);
  return (
    <section aria-labelledby="output-title">
      <h2 id="output-title">{OUTPUT.title}</h2>
      <p className="spoken" role="status">
        {last === undefined ? "" : spoken(last)}
      </p>
      {exchanges.length === 0 && <p className="quiet">{OUTPUT.none}</p>}
      <ol className="output">
        {exchanges.map((exchange) => (
          <li key={exchange.id}>
            <Line exchange={exchange} isShown={exchange.id === shown} show={() => show(exchange.id)} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function spoken(exchange: Exchange): string {
  const { state, message } = outcomeOf(exchange);
  return `${exchange.request.service}: ${state}, ${cut(message, LINE)}`;
}

function Line({ exchange, isShown, show }: { exchange: Exchange; isShown: boolean; show: () => void }) {
  const { kind, sign, state, message, took } = outcomeOf(exchange);
  return (
    <button type="button" className={`line ${kind}`} aria-pressed={isShown} onClick={show}>
      <time dateTime={exchange.begun.toISOString()}>{clock(exchange.begun)}</time>
      <strong>{exchange.request.service}</strong>
      <span className="state">
        <span aria-hidden="true">{sign} </span>
        {state}
      </span>
      <span className="took">{took ?? <Elapsed since={exchange.begun} />}</span>
      <span className="message">{cut(message, LINE)}</span>
    </button>
  );
}

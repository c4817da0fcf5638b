// One exchange: what was sent and what came back, side by side.
import { cut } from "../text/cut";
import { Elapsed } from "./Elapsed";
import { outcomeOf } from "./outcome";
import { shownBody } from "./paths";
import type { Exchange } from "./useExchanges";

/** The exchange in whole; `cancel` ends the waiting for it. */
export function ExchangeView({ exchange, cancel }: { exchange: Exchange; cancel: () => void }) {
  return (
    <div className="exchange">
      <Sent exchange={exchange} />
      <Received exchange={exchange} cancel={cancel} />
    </div>
  );
}

function Sent({ exchange: { request } }: { exchange: Exchange }) {
  const lines = [`${request.method} ${request.url}`];
  lines.push(...Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`));
  if (request.body !== undefined) lines.push("", shownBody(request.body));
  return (
    <section aria-labelledby="sent-title">
      <h3 id="sent-title">Sent</h3>
      <pre tabIndex={0}>{cut(lines.join("\n"))}</pre>
    </section>
  );
}

function Received({ exchange, cancel }: { exchange: Exchange; cancel: () => void }) {
  const outcome = outcomeOf(exchange);
  const { ending } = exchange;
  const answer = ending?.kind === "answered" ? ending.answer : undefined;
  return (
    <section aria-labelledby="received-title">
      <h3 id="received-title">Received</h3>
      <p className={`outcome ${outcome.kind}`}>
        <span aria-hidden="true">{outcome.sign} </span>
        <strong>{outcome.state}</strong> {outcome.took ?? <Elapsed since={exchange.begun} />}
        {ending === undefined && (
          <button type="button" className="small" onClick={cancel}>
            Cancel
          </button>
        )}
      </p>
      {answer === undefined ? <p>{outcome.message}</p> : null}
      {answer?.retryAfter !== undefined && <p>Ask again after {answer.retryAfter} s.</p>}
      {answer?.oddity !== undefined && <p className="oddity">{`Odd: ${answer.oddity}.`}</p>}
      {answer !== undefined && answer.body !== "" && <pre tabIndex={0}>{cut(answer.body)}</pre>}
    </section>
  );
}

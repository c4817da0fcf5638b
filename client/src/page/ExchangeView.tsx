// One exchange: request and answer, side by side.
import { cut } from "../text/cut";
import { EXCHANGE } from "../words";
import { Elapsed } from "./Elapsed";
import { outcomeOf } from "./outcome";
import { shownBody } from "./paths";
import type { Exchange } from "./useExchanges";

/** The whole exchange; `cancel` gives up waiting for its answer. */
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
      <h3 id="sent-title">{EXCHANGE.sent}</h3>
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
      <h3 id="received-title">{EXCHANGE.received}</h3>
      <p className={`outcome ${outcome.kind}`}>
        <span aria-hidden="true">{outcome.sign} </span>
        <strong>{outcome.state}</strong> {outcome.took ?? <Elapsed since={exchange.begun} />}
        {ending === undefined && (
          <button type="button" className="small" onClick={cancel}>
            {EXCHANGE.cancel}
          </button>
        )}
      </p>
      {answer === undefined ? <p>{outcome.message}</p> : null}
      {answer?.retryAfter !== undefined && <p>{EXCHANGE.retry(answer.retryAfter)}</p>}
      {answer?.oddity !== undefined && <p className="oddity">{EXCHANGE.oddity(answer.oddity)}</p>}
      {answer !== undefined && answer.body !== "" && <pre tabIndex={0}>{cut(answer.body)}</pre>}
    </section>
  );
}

// Requests of this page, the newest first.
import { useCallback, useEffect, useRef, useState } from "react";
import { type Ending, perform, type Request } from "../broker/exchange";

/** Requests that are kept. */
const KEPT = 50;

/** A request, and its end once it has one. */
export interface Exchange {
  id: number;
  begun: Date;
  request: Request;
  /** None while it is in flight. */
  ending?: Ending;
}

/** The exchanges, how to begin one, and how to cancel one. */
export interface Exchanges {
  list: readonly Exchange[];
  send: (request: Request) => Promise<Ending>;
  cancel: (id: number) => void;
}

/** Keeps the exchanges of a page; those in flight are cancelled when it goes. */
export function useExchanges(): Exchanges {
  const [list, setList] = useState<readonly Exchange[]>([]);
  const next = useRef(1);
  const inFlight = useRef(new Map<number, AbortController>());

  useEffect(() => {
    const controllers = inFlight.current;
    return () => controllers.forEach((controller) => controller.abort());
  }, []);

  const send = useCallback(async (request: Request) => {
    const id = next.current++;
    const controller = new AbortController();
    inFlight.current.set(id, controller);
    setList((list) => [{ id, begun: new Date(), request }, ...list].slice(0, KEPT));
    const ending = await perform(request, controller.signal);
    inFlight.current.delete(id);
    setList((list) => list.map((exchange) => (exchange.id === id ? { ...exchange, ending } : exchange)));
    return ending;
  }, []);

  const cancel = useCallback((id: number) => inFlight.current.get(id)?.abort(), []);
  return { list, send, cancel };
}

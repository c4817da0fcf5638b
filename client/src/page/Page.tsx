// The page: a request on each path, its answer, and the stored entries.
import { useState } from "react";
import { Entries } from "./Entries";
import { ExchangeView } from "./ExchangeView";
import { Form } from "./Form";
import { Output } from "./Output";
import { INITIAL, type Path, requestOf } from "./paths";
import { useExchanges } from "./useExchanges";
import { PAGE } from "../words";

/** The whole page, for the broker at this address. */
export function Page({ broker }: { broker: string }) {
  const [fields, setFields] = useState(INITIAL);
  const [chosen, setChosen] = useState<number>();
  const [stored, setStored] = useState(0);
  const { list, send, cancel } = useExchanges();
  const shown = list.find((exchange) => exchange.id === chosen) ?? list[0];

  const press = async (path: Path) => {
    // The newest exchange is shown, until another is chosen.
    setChosen(undefined);
    const ending = await send(requestOf(path, fields, broker));
    if (path.stores && ending.kind === "answered" && ending.answer.ok) setStored((count) => count + 1);
  };

  return (
    <>
      <header>
        <h1>{PAGE.title}</h1>
        <p>
          {PAGE.about} <code>{broker}</code>.
        </p>
      </header>
      <main>
        <Form fields={fields} change={setFields} send={(path) => void press(path)} />
        {shown !== undefined && (
          <section aria-label={PAGE.exchange(shown.request.service)}>
            <h2>{shown.request.service}</h2>
            <ExchangeView exchange={shown} cancel={() => cancel(shown.id)} />
          </section>
        )}
        <Output exchanges={list} shown={shown?.id} show={setChosen} />
        <Entries broker={broker} stored={stored} />
      </main>
    </>
  );
}

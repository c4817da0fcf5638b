// Every path over time, as the lab draws it, with the figures of each second in a table.
import { useState } from "react";
import { Patterns, Picture } from "../picture/Picture";
import { Table } from "../table/Table";
import { CHARTS, NONE } from "../words";
import type { ChartPicture, Second, State } from "./live";

/** The charts of every path that is loaded. */
export function Charts({ state: { pictures, seconds } }: { state: State }) {
  if (pictures.charts.length === 0) return <p className="quiet">{CHARTS.none}</p>;
  return (
    <>
      <Patterns drawing={pictures.patterns} />
      <p className="quiet legend">{pictures.legend}</p>
      <div className="charts">
        {pictures.charts.map((chart) => (
          <PathChart key={chart.path} chart={chart} seconds={seconds} />
        ))}
      </div>
    </>
  );
}

function PathChart({ chart: { path, says, drawing }, seconds }: { chart: ChartPicture; seconds: readonly Second[] }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <section className="path" aria-label={CHARTS.path(path)}>
      <h3>
        {path} <small>{says}</small>
      </h3>
      <Picture drawing={drawing} />
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>{CHARTS.figures}</summary>
        {isOpen && <Figures path={path} seconds={seconds} />}
      </details>
    </section>
  );
}

function Figures({ path, seconds }: { path: string; seconds: readonly Second[] }) {
  const latency = (value: number | null) => (value === null ? NONE : value.toFixed(1));
  return (
    <Table label={CHARTS.figuresOf(path)} titles={CHARTS.columns}>
      {seconds.map(({ second, paths }) => {
        const figures = paths[path];
        if (figures === undefined) return null;
        const { offered, ok, fail, info, dropped, p50, p99, max } = figures;
        const cells = [offered, ok, fail, info, dropped, latency(p50), latency(p99), latency(max)];
        return (
          <tr key={second}>
            <th scope="row">{second}</th>
            {cells.map((cell, index) => (
              <td key={CHARTS.columns[index + 1]}>{cell}</td>
            ))}
          </tr>
        );
      })}
    </Table>
  );
}

// A table that scrolls sideways where it is too wide, also by keyboard.
import type { ReactNode } from "react";

/** `label` names it for whoever can't see it; `children` are its rows. */
export function Table({ label, titles, children }: { label: string; titles: readonly string[]; children: ReactNode }) {
  return (
    <div className="wide" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            {titles.map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

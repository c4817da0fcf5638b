// Why something was not done, or nothing.
import { cut } from "../text/cut";

/** What went wrong, if anything. */
export function Problem({ told }: { told: string | undefined }) {
  if (told === undefined) return null;
  return (
    <p className="error" role="alert">
      <span aria-hidden="true">✗ </span>
      {cut(told, 500)}
    </p>
  );
}

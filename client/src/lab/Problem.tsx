// The reason why an action failed, if it did.
import { cut } from "../text/cut";

/** The reason, if there is one. */
export function Problem({ message }: { message: string | undefined }) {
  if (message === undefined) return null;
  return (
    <p className="error" role="alert">
      <span aria-hidden="true">✗ </span>
      {cut(message, 500)}
    </p>
  );
}

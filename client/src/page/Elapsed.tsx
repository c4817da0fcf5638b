// Time that goes by while an answer is waited for.
import { useEffect, useState } from "react";
import { millis } from "../text/time";

/** How often it is drawn anew, in milliseconds. */
const EVERY = 100;

/** The time since a moment. */
export function Elapsed({ since }: { since: Date }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), EVERY);
    return () => clearInterval(timer);
  }, []);
  return <span aria-hidden="true">{millis(Math.max(0, now - since.getTime()))}</span>;
}

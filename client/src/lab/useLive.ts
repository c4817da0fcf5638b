// The state of the lab: complete at first and after a break, then changes.
import { useEffect, useState } from "react";
import { changed, read, type State, type System } from "./live";

/** The lab as far as it is known. */
export interface Live {
  system?: System;
  state?: State;
  /** True while it sends. */
  connected: boolean;
}

/** Follows the lab while the page is there. */
export function useLive(): Live {
  const [system, setSystem] = useState<System>();
  const [state, setState] = useState<State>();
  const [connected, setConnected] = useState(false);

  useEffect(() => {
    const controller = new AbortController();
    const events = new EventSource("/api/events");
    // Another lab may answer after a break, with another system.
    events.addEventListener("open", () => {
      read<System>("/api/system", controller.signal)
        .then(setSystem)
        .catch(() => setConnected(false));
    });
    events.addEventListener("state", (event) => {
      setConnected(true);
      setState(JSON.parse((event as MessageEvent<string>).data) as State);
    });
    events.addEventListener("change", (event) => {
      const change = JSON.parse((event as MessageEvent<string>).data) as State;
      setState((before) => (before === undefined ? change : changed(before, change)));
    });
    // The browser tries again by itself.
    events.addEventListener("error", () => setConnected(false));
    return () => {
      events.close();
      controller.abort();
    };
  }, []);

  return { ...(system && { system }), ...(state && { state }), connected };
}

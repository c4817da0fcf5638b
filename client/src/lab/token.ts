// The token that the terminal prints, which every action needs: it stands behind the # of the address, which no server
// receives.

const KEY = "faultline-token";

/** The token of this window; empty where none was given. */
export function tokenOf(location: Location, kept: Storage): string {
  const given = /^#token=([0-9a-f]{32})$/.exec(location.hash)?.[1];
  if (given !== undefined) {
    kept.setItem(KEY, given);
    // So that it is not in an address that is passed on.
    history.replaceState(null, "", location.pathname);
  }
  return given ?? kept.getItem(KEY) ?? "";
}

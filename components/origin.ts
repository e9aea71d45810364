import { useSyncExternalStore } from "react";

const never = () => () => undefined;

/** This server's own origin as the browser sees it, such as `http://localhost:5000`; empty while rendered on the server. */
export function useOrigin(): string {
  return useSyncExternalStore(
    never,
    () => window.location.origin,
    () => "",
  );
}

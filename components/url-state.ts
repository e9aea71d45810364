import { useSearchParams } from "next/navigation";

/**
 * The parameters of the page's address, and a way to change some of them; an empty value removes one. It goes through the
 * browser's history, which Next follows, because its router would ask the server for the page again.
 */
export function useUrlState(): [URLSearchParams, (patch: Record<string, string | undefined>) => void] {
  return [useSearchParams(), changeUrl];
}

function changeUrl(patch: Record<string, string | undefined>): void {
  const { pathname, search } = window.location;
  const next = withParams(search, patch);
  window.history.replaceState(null, "", next ? `${pathname}?${next}` : pathname);
}

/** A query string with some parameters changed; an empty or undefined value removes one. */
export function withParams(search: string, patch: Record<string, string | undefined>): string {
  const params = new URLSearchParams(search);
  for (const [name, value] of Object.entries(patch)) {
    if (value) params.set(name, value);
    else params.delete(name);
  }
  return params.toString();
}

import { usePathname, useRouter, useSearchParams } from "next/navigation";
import { useCallback } from "react";

/** The parameters of the page's address, and a way to change some of them; an empty value removes one. */
export function useUrlState(): [URLSearchParams, (patch: Record<string, string | undefined>) => void] {
  const router = useRouter();
  const path = usePathname();
  const params = useSearchParams();
  const change = useCallback(
    (patch: Record<string, string | undefined>) => {
      const next = withParams(window.location.search, patch);
      router.replace(next ? `${path}?${next}` : path, { scroll: false });
    },
    [path, router],
  );
  return [params, change];
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

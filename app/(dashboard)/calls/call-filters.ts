import { type RangeId, rangeFrom } from "@/components/time-range";

/** What the list of calls is narrowed to; undefined is everything. */
export type CallFilters = {
  range: RangeId;
  key: string | undefined;
  model: string | undefined;
  provider: string | undefined;
  outcome: "ok" | "error" | "recovered" | undefined;
  error: string | undefined;
  search: string | undefined;
};

/** A change of the address that takes every filter but the range away. */
export const noFilters = {
  key: undefined,
  model: undefined,
  provider: undefined,
  outcome: undefined,
  error: undefined,
  search: undefined,
};

/** The filters that an address names. */
export function filtersFrom(params: URLSearchParams): CallFilters {
  const outcome = params.get("outcome");
  return {
    range: rangeFrom(params.get("range"), "24h"),
    key: params.get("key") ?? undefined,
    model: params.get("model") ?? undefined,
    provider: params.get("provider") ?? undefined,
    outcome: outcome === "ok" || outcome === "error" || outcome === "recovered" ? outcome : undefined,
    error: params.get("error") ?? undefined,
    search: params.get("search") ?? undefined,
  };
}

/** True when anything but the range narrows the list. */
export function isFiltered({ range: _, ...filters }: CallFilters): boolean {
  return Object.values(filters).some((value) => value !== undefined);
}

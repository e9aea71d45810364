import type { Rates } from "@/server/money";
import type { Secret } from "@/server/secret";
import { singleton } from "@/server/singleton";
import { readCatalog } from "@/server/state/catalog-rows";
import { putBackReplaced } from "@/server/state/replaced-keys";
import type { Rule } from "@/server/state/rules";

export type CatalogKey = {
  readonly id: string;
  readonly name: string;
  readonly weight: number;
  /** What it takes at most. */
  readonly limits: UpstreamLimits;
  readonly credential: Secret;
};

export type CatalogProvider = {
  readonly id: string;
  readonly name: string;
  /** Id of the provider type. */
  readonly type: string;
  /** Null means the provider type's own address. */
  readonly baseUrl: string | null;
  readonly allowPrivateNetwork: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, unknown>>;
  /** How often its keys are tried; null = never. */
  readonly probeSeconds: number | null;
  /** What all of it takes at most. */
  readonly limits: UpstreamLimits;
  readonly keys: readonly CatalogKey[];
};

export type CatalogPrice = { readonly id: string; readonly effectiveFromMs: number; readonly rates: Rates };

export type CatalogDeployment = {
  readonly id: string;
  /** The name of the model that it is a deployment of. */
  readonly model: string;
  readonly upstreamModel: string;
  readonly priority: number;
  readonly weight: number;
  /** Words that rules and callers choose it by. */
  readonly tags: readonly string[];
  readonly region: string | null;
  /** What it takes at most. */
  readonly limits: UpstreamLimits;
  /** In tokens; null = what is known of a model of that name. */
  readonly contextWindow: number | null;
  readonly provider: CatalogProvider;
  /** By version, oldest first. */
  readonly prices: readonly CatalogPrice[];
};

/** Requests and tokens a minute, and calls at the same time; null = no limit known. */
export type UpstreamLimits = {
  readonly rpm: number | null;
  readonly tpm: number | null;
  readonly concurrent: number | null;
};

/** How calls of one model are tried; null = the process's own setting. */
export type ModelSettings = {
  readonly rescue: boolean;
  readonly hedge: boolean;
  readonly firstByteMs: number | null;
  readonly retries: number | null;
  readonly cache: boolean;
  readonly cacheTtlSeconds: number | null;
};

/** Of models that nobody configured. */
export const usualSettings: ModelSettings = {
  rescue: true,
  hedge: false,
  firstByteMs: null,
  retries: null,
  cache: false,
  cacheTtlSeconds: null,
};

export type CatalogModel = {
  readonly name: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly strategy: string;
  readonly fallbacks: readonly string[];
  readonly fallbacksOnContext: readonly string[];
  readonly fallbacksOnPolicy: readonly string[];
  readonly settings: ModelSettings;
  readonly deployments: readonly CatalogDeployment[];
};

/** Everything enabled that a call can be sent to: one immutable snapshot, replaced whole. */
export type Catalog = {
  readonly models: ReadonlyMap<string, CatalogModel>;
  /** By name. */
  readonly providers: ReadonlyMap<string, CatalogProvider>;
  /** In their order. */
  readonly rules: readonly Rule[];
};

const held = singleton("catalog", (): { current: Catalog; loading: Promise<void> | undefined; again: boolean } => ({
  current: { models: new Map(), providers: new Map(), rules: [] },
  loading: undefined,
  again: false,
}));

/** The snapshot in force. */
export function catalog(): Catalog {
  return held.current;
}

/** The price in force at a moment: the newest version that is effective by then; undefined = unpriced. */
export function priceAt(deployment: CatalogDeployment, atMs: number): CatalogPrice | undefined {
  const { prices } = deployment;
  for (let at = prices.length - 1; at >= 0; at--) {
    const price = prices[at];
    if (price && price.effectiveFromMs <= atMs) return price;
  }
  return undefined;
}

/** Reads the catalog anew and swaps it in; calls that come while one reads share one more read after it. */
export function reloadCatalog(): Promise<void> {
  if (held.loading) {
    held.again = true;
    return held.loading;
  }
  held.loading = (async () => {
    do {
      held.again = false;
      const read = await readCatalog();
      const before = held.current;
      held.current = read;
      putBackReplaced(before, read);
    } while (held.again);
  })().finally(() => {
    held.loading = undefined;
  });
  return held.loading;
}

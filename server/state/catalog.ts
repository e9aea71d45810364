import { z } from "zod";
import { query } from "@/server/db/sql";
import { log } from "@/server/log";
import { Rates } from "@/server/money";
import type { Secret } from "@/server/secret";
import { secrets } from "@/server/secrets";
import { singleton } from "@/server/singleton";
import { putBackReplaced } from "@/server/state/replaced-keys";
import { type Rule, readRules } from "@/server/state/rules";

export type CatalogKey = {
  readonly id: string;
  readonly name: string;
  readonly weight: number;
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
  /** What it takes at most; null = no limit known. */
  readonly limits: DeploymentLimits;
  readonly provider: CatalogProvider;
  /** By version, oldest first. */
  readonly prices: readonly CatalogPrice[];
};

/** Requests and tokens a minute, and calls at the same time. */
export type DeploymentLimits = {
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

type ProviderRow = {
  id: string;
  name: string;
  type: string;
  base_url: string | null;
  allow_private_network: boolean;
  headers: unknown;
  options: unknown;
  probe_seconds: number | null;
};
type KeyRow = { id: string; provider_id: string; name: string; sealed: string; weight: number };
type ModelRow = {
  id: string;
  name: string;
  strategy: string;
  fallbacks: string[];
  fallbacks_on_context: string[];
  fallbacks_on_policy: string[];
  rescue: boolean;
  hedge: boolean;
  first_byte_ms: number | null;
  retries: number | null;
  cache: boolean;
  cache_ttl_seconds: number | null;
  created_at: Date;
};
type DeploymentRow = {
  id: string;
  model_id: string;
  provider_id: string;
  upstream_model: string;
  priority: number;
  weight: number;
  tags: string[];
  region: string | null;
  rpm: number | null;
  tpm: number | null;
  concurrent: number | null;
};
type PriceRow = { id: string; deployment_id: string; effective_from: Date; rates: unknown };

async function readCatalog(): Promise<Catalog> {
  const [providerRows, keyRows, modelRows, deploymentRows, priceRows, rules] = await Promise.all([
    query<ProviderRow>(
      "SELECT id, name, type, base_url, allow_private_network, headers, options, probe_seconds FROM provider WHERE enabled",
    ),
    query<KeyRow>(
      "SELECT id, provider_id, name, sealed, weight FROM provider_key WHERE enabled ORDER BY created_at, id",
    ),
    query<ModelRow>("SELECT * FROM model WHERE enabled ORDER BY name"),
    query<DeploymentRow>(
      `SELECT id, model_id, provider_id, upstream_model, priority, weight, tags, region, rpm, tpm, concurrent
         FROM deployment WHERE enabled ORDER BY priority, created_at, id`,
    ),
    query<PriceRow>("SELECT id, deployment_id, effective_from, rates FROM price ORDER BY version"),
    readRules(),
  ]);
  const keysOf = Map.groupBy(keyRows, (row) => row.provider_id);
  const providers = new Map(providerRows.map((row) => [row.id, toProvider(row, keysOf.get(row.id) ?? [])]));
  const pricesOf = Map.groupBy(priceRows, (row) => row.deployment_id);
  const deploymentsOf = Map.groupBy(deploymentRows, (row) => row.model_id);
  const models = modelRows.map((row): [string, CatalogModel] => {
    const deployments = (deploymentsOf.get(row.id) ?? []).flatMap((deployment) => {
      const provider = providers.get(deployment.provider_id);
      return provider
        ? [toDeployment({ ...deployment, model: row.name }, provider, pricesOf.get(deployment.id) ?? [])]
        : [];
    });
    return [row.name, toModel(row, deployments)];
  });
  return {
    models: new Map(models),
    providers: new Map([...providers.values()].map((provider) => [provider.name, provider])),
    rules,
  };
}

function toModel(row: ModelRow, deployments: readonly CatalogDeployment[]): CatalogModel {
  const { name, strategy, fallbacks, rescue, hedge, retries, cache } = row;
  return {
    name,
    created: Math.floor(row.created_at.getTime() / 1000),
    strategy,
    fallbacks,
    fallbacksOnContext: row.fallbacks_on_context,
    fallbacksOnPolicy: row.fallbacks_on_policy,
    settings: {
      rescue,
      hedge,
      firstByteMs: row.first_byte_ms,
      retries,
      cache,
      cacheTtlSeconds: row.cache_ttl_seconds,
    },
    deployments,
  };
}

const Headers = z.record(z.string(), z.string());
const Options = z.record(z.string(), z.unknown());

function toProvider(row: ProviderRow, keyRows: KeyRow[]): CatalogProvider {
  const keys = keyRows.flatMap((key): CatalogKey[] => {
    try {
      return [
        {
          id: key.id,
          name: key.name,
          weight: key.weight,
          credential: secrets().sealer.open(key.sealed, `provider:${row.id}`),
        },
      ];
    } catch (error) {
      log.error(
        { err: error, provider: row.name, name: key.name },
        "A provider key cannot be opened: it was sealed with another CONDUIT_ENCRYPTION_KEY.",
      );
      return [];
    }
  });
  return {
    id: row.id,
    name: row.name,
    type: row.type,
    baseUrl: row.base_url,
    allowPrivateNetwork: row.allow_private_network,
    headers: Headers.catch({}).parse(row.headers),
    options: Options.catch({}).parse(row.options),
    probeSeconds: row.probe_seconds,
    keys,
  };
}

function toDeployment(
  row: DeploymentRow & { readonly model: string },
  provider: CatalogProvider,
  priceRows: PriceRow[],
): CatalogDeployment {
  const prices = priceRows.flatMap((price): CatalogPrice[] => {
    const rates = Rates.safeParse(price.rates);
    if (rates.success) return [{ id: price.id, effectiveFromMs: price.effective_from.getTime(), rates: rates.data }];
    log.error({ price: price.id }, "A price has rates that cannot be read; the model counts as unpriced.");
    return [];
  });
  return {
    id: row.id,
    model: row.model,
    upstreamModel: row.upstream_model,
    priority: row.priority,
    weight: row.weight,
    tags: row.tags,
    region: row.region,
    limits: { rpm: row.rpm, tpm: row.tpm, concurrent: row.concurrent },
    provider,
    prices,
  };
}

import { z } from "zod";
import { query } from "@/server/db/sql";
import { log } from "@/server/log";
import { Rates } from "@/server/money";
import { secrets } from "@/server/secrets";
import type {
  Catalog,
  CatalogDeployment,
  CatalogKey,
  CatalogModel,
  CatalogPrice,
  CatalogProvider,
  UpstreamLimits,
} from "@/server/state/catalog";
import { readRules } from "@/server/state/rules";

type LimitColumns = { rpm: number | null; tpm: number | null; concurrent: number | null };
type ProviderRow = {
  id: string;
  name: string;
  type: string;
  base_url: string | null;
  allow_private_network: boolean;
  headers: unknown;
  options: unknown;
  probe_seconds: number | null;
} & LimitColumns;
type KeyRow = { id: string; provider_id: string; name: string; sealed: string; weight: number } & LimitColumns;
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
  context_window: number | null;
} & LimitColumns;
type PriceRow = { id: string; deployment_id: string; effective_from: Date; rates: unknown };

/** Reads everything that is enabled. */
export async function readCatalog(): Promise<Catalog> {
  const [providerRows, keyRows, modelRows, deploymentRows, priceRows, rules] = await Promise.all([
    query<ProviderRow>(
      `SELECT id, name, type, base_url, allow_private_network, headers, options, probe_seconds, rpm, tpm, concurrent
         FROM provider WHERE enabled`,
    ),
    query<KeyRow>(
      `SELECT id, provider_id, name, sealed, weight, rpm, tpm, concurrent
         FROM provider_key WHERE enabled ORDER BY created_at, id`,
    ),
    query<ModelRow>("SELECT * FROM model WHERE enabled ORDER BY name"),
    query<DeploymentRow>(
      `SELECT id, model_id, provider_id, upstream_model, priority, weight, tags, region, rpm, tpm, concurrent,
              context_window
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

function limitsOf({ rpm, tpm, concurrent }: LimitColumns): UpstreamLimits {
  return { rpm, tpm, concurrent };
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
          limits: limitsOf(key),
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
    limits: limitsOf(row),
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
    limits: limitsOf(row),
    contextWindow: row.context_window,
    provider,
    prices,
  };
}

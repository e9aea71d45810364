import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Changes, Transaction } from "@/server/config/changes";
import type { Declared } from "@/server/config/declared";
import type { ConfigDeployment, ConfigModel, ConfigProvider } from "@/server/config/parse";
import { limitColumns } from "@/server/config/upstream-limits";
import type { Prisma } from "@/server/db/generated/client";
import { log } from "@/server/log";
import type { Rates } from "@/server/money";
import { providerType } from "@/server/providers/registry";
import { librarySchedule } from "@/server/state/prices";

const deploymentColumns = {
  id: true,
  providerId: true,
  upstreamModel: true,
  priority: true,
  weight: true,
  tags: true,
  region: true,
  rpm: true,
  tpm: true,
  concurrent: true,
  contextWindow: true,
  enabled: true,
  managed: true,
  prices: {
    select: { id: true, version: true, effectiveFrom: true, rates: true, source: true },
    orderBy: { version: "asc" },
  },
} satisfies Prisma.DeploymentSelect;
type StoredDeployment = Prisma.DeploymentGetPayload<{ select: typeof deploymentColumns }>;
type StoredPrice = StoredDeployment["prices"][number];

export type ModelWork = {
  readonly tx: Transaction;
  readonly changes: Changes;
  /** Ids of the declared providers by name, and their types. */
  readonly providerIds: ReadonlyMap<string, string>;
  readonly providers: readonly ConfigProvider[];
  /** What the last application remembered, and what this one will. */
  readonly before: Declared;
  readonly after: Declared;
};

/** Creates and updates the declared models with their deployments and prices. */
export async function applyModels(work: ModelWork, models: readonly ConfigModel[]): Promise<void> {
  const { tx, changes } = work;
  const rows = await tx.model.findMany({ include: { deployments: { select: deploymentColumns } } });
  const stored = new Map(rows.map((row) => [row.name, row]));
  for (const { name, deployments, firstByteMs, retries, cacheTtlSeconds, ...said } of models) {
    const wanted = {
      ...said,
      firstByteMs: firstByteMs ?? null,
      retries: retries ?? null,
      cacheTtlSeconds: cacheTtlSeconds ?? null,
      enabled: true,
      managed: true,
    };
    const current = stored.get(name);
    const modelId = await changes.reconcile({ noun: "model", name }, current, wanted, {
      create: () => tx.model.create({ data: { name, ...wanted }, select: { id: true } }),
      update: (id) => tx.model.update({ where: { id }, data: wanted }),
    });
    for (const deployment of deployments)
      await applyDeployment(work, { id: modelId, name, stored: current?.deployments ?? [] }, deployment);
  }
}

type Owner = { readonly id: string; readonly name: string; readonly stored: readonly StoredDeployment[] };

async function applyDeployment(work: ModelWork, model: Owner, declared: ConfigDeployment): Promise<void> {
  const { tx, changes, providerIds } = work;
  const {
    provider,
    model: upstreamModel,
    priority,
    weight,
    tags,
    region = null,
    limits,
    contextWindow = null,
  } = declared;
  const providerId = providerIds.get(provider);
  if (providerId === undefined) throw new Error(`The provider "${provider}" was not stored.`);
  const placing = { priority, weight, tags, region, contextWindow, ...limitColumns(limits) };
  const columns = { ...placing, enabled: true, managed: true };
  const stored = model.stored.find((row) => row.providerId === providerId && row.upstreamModel === upstreamModel);
  const open = pricesFromNow(stored?.prices ?? []);
  const current = stored && { ...stored, prices: open.map(({ source, rates }) => ({ source, rates })) };
  const name = `${model.name} on ${provider}/${upstreamModel}`;
  const added = await pricesToAdd(
    work,
    { id: stored?.id, name, open, highest: stored?.prices.at(-1)?.version ?? 0 },
    declared,
  );
  const prices = added.length > 0 ? added.map(({ source, rates }) => ({ source, rates })) : (current?.prices ?? []);
  const wanted = { ...columns, prices };
  const data = { ...columns, prices: { create: added } };
  const id = await changes.reconcile({ noun: "deployment", name }, current, wanted, {
    create: () =>
      tx.deployment.create({ data: { modelId: model.id, providerId, upstreamModel, ...data }, select: { id: true } }),
    update: (where) => tx.deployment.update({ where: { id: where }, data }),
  });
  rememberPrice(work, id, { declared, open, added });
}

/** The price in force, and those that will follow it; by version. */
function pricesFromNow(prices: readonly StoredPrice[]): readonly StoredPrice[] {
  const now = new Date();
  return prices.slice(
    Math.max(
      0,
      prices.findLastIndex(({ effectiveFrom }) => effectiveFrom <= now),
    ),
  );
}

type NewPrice = { id: string; version: number; effectiveFrom: Date; rates: Rates; source: "own" | "library" };
type Priced = {
  readonly id: string | undefined;
  readonly name: string;
  readonly open: readonly StoredPrice[];
  readonly highest: number;
};

/** New versions where the price in force is not what the file says; none where it is, or where the file says nothing. */
async function pricesToAdd(
  { before, providers }: ModelWork,
  { id, name, open, highest }: Priced,
  declared: ConfigDeployment,
): Promise<NewPrice[]> {
  const [held] = open;
  if (declared.price) {
    const same = open.length === 1 && held?.source === "own" && isDeepStrictEqual(held.rates, declared.price);
    if (same) return [];
    return [
      { id: randomUUID(), version: highest + 1, effectiveFrom: new Date(), rates: declared.price, source: "own" },
    ];
  }
  // An own price that did not come from the file is an admin's.
  if (!id || !held || held.id !== before.prices[id]) return [];
  const type = providers.find((provider) => provider.name === declared.provider)?.type ?? "";
  const schedule = await librarySchedule(providerType(type)?.priceLibraryId, declared.model, new Date());
  if (schedule.length === 0) {
    log.warn(
      { deployment: name },
      "conduit.json no longer declares this price and the price library knows none; the last one stays.",
    );
  }
  return schedule.map(({ from, rates }, index) => ({
    id: randomUUID(),
    version: highest + 1 + index,
    effectiveFrom: from,
    rates,
    source: "library",
  }));
}

type Pricing = {
  readonly declared: ConfigDeployment;
  readonly open: readonly StoredPrice[];
  readonly added: readonly NewPrice[];
};

/** Keeps which price row came from the file, until the library has taken over. */
function rememberPrice({ before, after }: ModelWork, id: string, { declared, open, added }: Pricing): void {
  const own = declared.price ? (added[0]?.id ?? open[0]?.id) : added.length === 0 ? before.prices[id] : undefined;
  if (own !== undefined) after.prices[id] = own;
}

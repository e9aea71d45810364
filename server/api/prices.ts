import { z } from "zod";
import { change, difference, snapshot, type Transaction } from "@/server/api/change";
import { notFound, refuseManaged } from "@/server/api/errors";
import {
  NewPrice,
  PriceExport,
  PriceFile,
  PriceFilter,
  PriceImport,
  PriceImported,
  PricesRefreshed,
  PriceVersion,
} from "@/server/api/prices.schema";
import { type Admin, adminProcedure, rest, router } from "@/server/api/trpc";
import type { Prisma } from "@/server/db/generated/client";
import { runIn, runOnPool } from "@/server/db/run";
import { Rates } from "@/server/money";
import { importPrices, storedPrices } from "@/server/state/price-exchange";
import { priceFile, readPriceFile } from "@/server/state/price-file";
import { linesOfRates, ratesOfLines } from "@/server/state/price-lines";
import { PRICES_LOCK, refreshLibraryPrices } from "@/server/state/prices";

/** What deployments cost, in versions that are never edited. */
export const prices = router({
  list: adminProcedure
    .meta(rest("GET", "/prices", "List prices in force and to come, or every version of one deployment's."))
    .input(PriceFilter)
    .output(z.array(PriceVersion))
    .query(({ input }) => snapshot((tx) => versionsOf(tx, input.deploymentId))),

  create: adminProcedure
    .meta(rest("POST", "/prices", "Set an own price from a moment on, which may lie ahead or behind."))
    .input(NewPrice)
    .output(PriceVersion)
    .mutation(({ ctx, input }) => addPrice(ctx, input)),

  export: adminProcedure
    .meta(rest("GET", "/prices/export", "Write the prices as JSON or CSV."))
    .input(PriceExport)
    .output(PriceFile)
    .query(async ({ input: { format, versions } }) => ({
      format,
      text: priceFile(await storedPrices(runOnPool, versions), format),
    })),

  import: adminProcedure
    .meta(rest("POST", "/prices/import", "Read prices from JSON or CSV: what differs becomes an own price."))
    .input(PriceImport)
    .output(PriceImported)
    .mutation(({ ctx, input: { text, format } }) =>
      change(
        ctx,
        async (tx, note) => {
          const imported = await importPrices(runIn(tx), readPriceFile(text, format));
          if (imported.added > 0) await note({ action: "import", noun: "price", detail: { ...imported } });
          return imported;
        },
        { timeoutMs: 60_000 },
      ),
    ),

  refresh: adminProcedure
    .meta(rest("POST", "/prices/refresh", "Look up every price that is not an own one in the price library."))
    .output(PricesRefreshed)
    .mutation(async ({ ctx }) => {
      const added = await refreshLibraryPrices();
      await change(ctx, (_, note) => note({ action: "refresh", noun: "price", detail: { added } }));
      return { added };
    }),
});

const columns = {
  id: true,
  deploymentId: true,
  version: true,
  source: true,
  effectiveFrom: true,
  createdAt: true,
  rates: true,
  deployment: {
    select: {
      upstreamModel: true,
      managed: true,
      model: { select: { name: true } },
      provider: { select: { name: true } },
    },
  },
} satisfies Prisma.PriceSelect;

type Row = Prisma.PriceGetPayload<{ select: typeof columns }>;
type Version = z.infer<typeof PriceVersion>;

async function versionsOf(tx: Transaction, deploymentId: string | undefined): Promise<Version[]> {
  const where = deploymentId === undefined ? {} : { deploymentId };
  const rows = await tx.price.findMany({
    where,
    select: columns,
    orderBy: [{ deploymentId: "asc" }, { version: "desc" }],
  });
  const now = new Date();
  return [...Map.groupBy(rows, (row) => row.deploymentId).values()].flatMap((versions) => {
    const current = versions.findIndex(({ effectiveFrom }) => effectiveFrom <= now);
    const shown = deploymentId === undefined && current >= 0 ? versions.slice(0, current + 1) : versions;
    return shown.map((row, index) => versionView(row, index === current));
  });
}

function versionView({ deployment, rates, ...row }: Row, inForce: boolean): Version {
  const { upstreamModel, model, provider } = deployment;
  const parsed = Rates.safeParse(rates);
  return {
    ...row,
    ...{ upstreamModel, modelName: model.name, providerName: provider.name, inForce },
    // Rates that cannot be read count as none for calls too.
    rates: parsed.success ? linesOfRates(parsed.data) : [],
  };
}

function addPrice(ctx: Admin, { deploymentId, effectiveFrom, rates }: z.infer<typeof NewPrice>): Promise<Version> {
  return change(ctx, async (tx, note) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext(${PRICES_LOCK}))`;
    const deployment = await tx.deployment.findUnique({ where: { id: deploymentId }, select: { managed: true } });
    if (!deployment) throw notFound("deployment", "deploymentId");
    refuseManaged("deployment", deployment);
    const last = await tx.price.aggregate({ where: { deploymentId }, _max: { version: true } });
    const { id } = await tx.price.create({
      data: {
        deploymentId,
        version: (last._max.version ?? 0) + 1,
        effectiveFrom: effectiveFrom ?? new Date(),
        rates: ratesOfLines(rates),
        source: "own",
      },
      select: { id: true },
    });
    const view = (await versionsOf(tx, deploymentId)).find((version) => version.id === id);
    if (!view) throw notFound("price");
    const name = `${view.modelName} on ${view.providerName}`;
    const detail = difference({}, { effectiveFrom: view.effectiveFrom, rates: view.rates });
    await note({ action: "set-price", noun: "price", object: { id, name }, detail });
    return view;
  });
}

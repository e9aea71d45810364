import { z } from "zod";
import { change, difference, given, snapshot, type Transaction } from "@/server/api/change";
import {
  deploymentFacts,
  findDeployment,
  findOwnDeployment,
  placedColumns,
  placedView,
} from "@/server/api/deployment-view";
import { DeploymentChange, NewDeployment, OwnPrice, PlacedDeployment } from "@/server/api/deployments.schema";
import { conflict, notFound, refuseManaged } from "@/server/api/errors";
import { ById, Deleted } from "@/server/api/fields.schema";
import { adminProcedure, rest, router } from "@/server/api/trpc";
import type { Prisma } from "@/server/db/generated/client";
import { nanoFromUsdText, type Rates } from "@/server/money";
import { providerType } from "@/server/providers/registry";
import { librarySchedule } from "@/server/state/prices";

/** Models as providers serve them, and what they cost. */
export const deployments = router({
  list: adminProcedure
    .meta(rest("GET", "/deployments", "List the deployments of all models."))
    .output(z.array(PlacedDeployment))
    .query(async () => {
      const rows = await snapshot((tx) =>
        tx.deployment.findMany({
          select: placedColumns(new Date()),
          orderBy: [{ model: { name: "asc" } }, { priority: "asc" }, { id: "asc" }],
        }),
      );
      return rows.map(placedView);
    }),

  create: adminProcedure
    .meta(rest("POST", "/deployments", "Let a provider serve a model."))
    .input(NewDeployment)
    .output(PlacedDeployment)
    .mutation(({ ctx, input }) =>
      change(ctx, async (tx, note) => {
        const model = await tx.model.findUnique({
          where: { id: input.modelId },
          select: { name: true, managed: true },
        });
        if (!model) throw notFound("model", "modelId");
        refuseManaged("model", model);
        const { modelId, providerId, upstreamModel } = input;
        const id = await addDeployment(tx, { ...given(input), modelId, providerId, upstreamModel });
        const view = await findDeployment(tx, id);
        await note({
          action: "create",
          noun: "deployment",
          object: named(view),
          detail: difference({}, deploymentFacts(view)),
        });
        return view;
      }),
    ),

  update: adminProcedure
    .meta(rest("PATCH", "/deployments/{id}", "Change a deployment's place among the others."))
    .input(DeploymentChange)
    .output(PlacedDeployment)
    .mutation(({ ctx, input: { id, ...fields } }) =>
      change(ctx, async (tx, note) => {
        const before = await findOwnDeployment(tx, id);
        await tx.deployment.update({ where: { id }, data: given(fields), select: { id: true } });
        const after = await findDeployment(tx, id);
        const detail = difference(deploymentFacts(before), deploymentFacts(after));
        await note({ action: "update", noun: "deployment", object: named(after), detail });
        return after;
      }),
    ),

  delete: adminProcedure
    .meta(rest("DELETE", "/deployments/{id}", "Stop a provider from serving a model."))
    .input(ById)
    .output(Deleted)
    .mutation(({ ctx, input: { id } }) =>
      change(ctx, async (tx, note) => {
        const before = await findOwnDeployment(tx, id);
        await tx.deployment.delete({ where: { id }, select: { id: true } });
        await note({ action: "delete", noun: "deployment", object: named(before) });
        return { id, deleted: true as const };
      }),
    ),

  setPrice: adminProcedure
    .meta(rest("PUT", "/deployments/{id}/price", "Set an own price from now on."))
    .input(OwnPrice)
    .output(PlacedDeployment)
    .mutation(({ ctx, input }) =>
      change(ctx, async (tx, note) => {
        const before = await findOwnDeployment(tx, input.id);
        await addPrices(tx, input.id, [{ source: "own", effectiveFrom: new Date(), rates: ownRates(input) }]);
        const after = await findDeployment(tx, input.id);
        const detail = difference({ price: before.price }, { price: after.price });
        await note({ action: "set-price", noun: "deployment", object: named(after), detail });
        return after;
      }),
    ),

  clearPrice: adminProcedure
    .meta(rest("DELETE", "/deployments/{id}/price", "Go back to the price library's price from now on."))
    .input(ById)
    .output(PlacedDeployment)
    .mutation(({ ctx, input: { id } }) =>
      change(ctx, async (tx, note) => {
        const before = await findOwnDeployment(tx, id);
        if (before.price?.source === "library") return before;
        const prices = await libraryPrices(tx, before.providerId, before.upstreamModel);
        if (prices.length === 0) {
          throw conflict(`The price library does not know ${before.upstreamModel}: there is no price to go back to.`);
        }
        await addPrices(tx, id, prices);
        const after = await findDeployment(tx, id);
        const detail = difference({ price: before.price }, { price: after.price });
        await note({ action: "clear-price", noun: "deployment", object: named(after), detail });
        return after;
      }),
    ),
});

type Placement = Omit<Prisma.DeploymentUncheckedCreateInput, "prices">;

/** Stores a deployment with the price library's price, where there is one; returns its id. Throws CONFLICT for a repeat. */
export async function addDeployment(tx: Transaction, placement: Placement): Promise<string> {
  const { modelId, providerId, upstreamModel } = placement;
  const prices = await libraryPrices(tx, providerId, upstreamModel);
  const same = await tx.deployment.findFirst({ where: { modelId, providerId, upstreamModel }, select: { id: true } });
  if (same) throw conflict(`This model already has ${upstreamModel} of that provider.`, "upstreamModel");
  const { id } = await tx.deployment.create({ data: placement, select: { id: true } });
  await addPrices(tx, id, prices);
  return id;
}

type NewPrice = { source: "own" | "library"; effectiveFrom: Date; rates: Rates };

/** What the price library asks from now on, with the changes that it announces; empty when it does not know the model. */
async function libraryPrices(tx: Transaction, providerId: string, upstreamModel: string): Promise<NewPrice[]> {
  const provider = await tx.provider.findUnique({ where: { id: providerId }, select: { type: true } });
  if (!provider) throw notFound("provider", "providerId");
  const schedule = await librarySchedule(providerType(provider.type)?.priceLibraryId, upstreamModel, new Date());
  return schedule.map(({ from, rates }) => ({ source: "library", effectiveFrom: from, rates }));
}

/** A price is never edited: what changes is which version is the newest. */
async function addPrices(tx: Transaction, deploymentId: string, prices: readonly NewPrice[]): Promise<void> {
  const last = await tx.price.aggregate({ where: { deploymentId }, _max: { version: true } });
  const next = (last._max.version ?? 0) + 1;
  await tx.price.createMany({
    data: prices.map((price, index) => ({ deploymentId, version: next + index, ...price })),
  });
}

function ownRates(price: z.infer<typeof OwnPrice>): Rates {
  const rate = (usd: string | null | undefined) => (usd ? Number(nanoFromUsdText(usd)) : undefined);
  return given({
    input: rate(price.inputPerMillionUsd),
    output: rate(price.outputPerMillionUsd),
    cachedInput: rate(price.cachedInputPerMillionUsd),
    cacheWrite: rate(price.cacheWritePerMillionUsd),
  });
}

function named(view: z.infer<typeof PlacedDeployment>): { id: string; name: string } {
  return { id: view.id, name: `${view.modelName} on ${view.providerName}` };
}

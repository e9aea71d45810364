import { z } from "zod";
import { change, difference, given, snapshot, type Transaction } from "@/server/api/change";
import { deploymentColumns, deploymentView } from "@/server/api/deployment-view";
import { addDeployment } from "@/server/api/deployments";
import { conflict, notFound, refuseManaged } from "@/server/api/errors";
import { checkFallbacks, fallbackUsers, holdFallbacks, renameFallback } from "@/server/api/fallbacks";
import { ById, Deleted } from "@/server/api/fields.schema";
import { AddedCount, AddedFromProvider, ModelChange, ModelView, NewModel } from "@/server/api/models.schema";
import { adminProcedure, rest, router } from "@/server/api/trpc";
import type { Prisma } from "@/server/db/generated/client";

/** The names that callers use, and what serves them. */
export const models = router({
  list: adminProcedure
    .meta(rest("GET", "/models", "List the models with their deployments."))
    .output(z.array(ModelView))
    .query(async () => {
      const rows = await snapshot((tx) =>
        tx.model.findMany({ select: modelColumns(new Date()), orderBy: { name: "asc" } }),
      );
      return rows.map(modelView);
    }),

  get: adminProcedure
    .meta(rest("GET", "/models/{id}", "Read a model."))
    .input(ById)
    .output(ModelView)
    .query(({ input }) => snapshot((tx) => findModel(tx, input.id))),

  create: adminProcedure
    .meta(rest("POST", "/models", "Add a model, without deployments."))
    .input(NewModel)
    .output(ModelView)
    .mutation(({ ctx, input }) =>
      change(ctx, async (tx, note) => {
        await holdFallbacks(tx);
        const { id } = await tx.model.create({ data: { ...given(input), name: input.name }, select: { id: true } });
        await checkFallbacks(tx, input.name);
        const view = await findModel(tx, id);
        await note({ action: "create", noun: "model", object: view, detail: difference({}, modelFacts(view)) });
        return view;
      }),
    ),

  update: adminProcedure
    .meta(rest("PATCH", "/models/{id}", "Change a model."))
    .input(ModelChange)
    .output(ModelView)
    .mutation(({ ctx, input: { id, ...fields } }) =>
      change(ctx, async (tx, note) => {
        await holdFallbacks(tx);
        const before = await findModel(tx, id);
        refuseManaged("model", before);
        await tx.model.update({ where: { id }, data: given(fields), select: { id: true } });
        if (fields.name !== undefined && fields.name !== before.name)
          await renameFallback(tx, before.name, fields.name);
        const after = await findModel(tx, id);
        await checkFallbacks(tx, after.name);
        await note({
          action: "update",
          noun: "model",
          object: after,
          detail: difference(modelFacts(before), modelFacts(after)),
        });
        return after;
      }),
    ),

  delete: adminProcedure
    .meta(rest("DELETE", "/models/{id}", "Delete a model that is nobody's fallback, with its deployments."))
    .input(ById)
    .output(Deleted)
    .mutation(({ ctx, input: { id } }) =>
      change(ctx, async (tx, note) => {
        await holdFallbacks(tx);
        const before = await findModel(tx, id);
        refuseManaged("model", before);
        const users = await fallbackUsers(tx, before.name);
        if (users.length > 0)
          throw conflict(`"${before.name}" is a fallback of ${users.map((user) => user.name).join(", ")}.`);
        await tx.model.delete({ where: { id }, select: { id: true } });
        await note({ action: "delete", noun: "model", object: before, detail: difference({}, modelFacts(before)) });
        return { id, deleted: true as const };
      }),
    ),

  addFromProvider: adminProcedure
    .meta(rest("POST", "/models/from-provider", "Offer models of a provider, each under a name for callers."))
    .input(AddedFromProvider)
    .output(AddedCount)
    .mutation(({ ctx, input: { providerId, models: wanted } }) =>
      change(
        ctx,
        async (tx, note) => {
          const provider = await tx.provider.findUnique({
            where: { id: providerId },
            select: { id: true, name: true },
          });
          if (!provider) throw notFound("provider", "providerId");
          const added: string[] = [];
          for (const { upstreamModel, name } of wanted) {
            if (await offer(tx, { providerId, upstreamModel, name })) added.push(name);
          }
          const detail = { provider: provider.name, models: added };
          if (added.length > 0) await note({ action: "create", noun: "model", detail });
          return { created: added.length };
        },
        { timeoutMs: 30_000 },
      ),
    ),
});

function modelColumns(now: Date) {
  return {
    id: true,
    name: true,
    strategy: true,
    fallbacks: true,
    fallbacksOnContext: true,
    fallbacksOnPolicy: true,
    rescue: true,
    hedge: true,
    firstByteMs: true,
    retries: true,
    cache: true,
    cacheTtlSeconds: true,
    enabled: true,
    managed: true,
    createdAt: true,
    deployments: {
      select: deploymentColumns(now),
      orderBy: [{ priority: "asc" }, { createdAt: "asc" }, { id: "asc" }],
    },
  } satisfies Prisma.ModelSelect;
}

type ModelRow = Prisma.ModelGetPayload<{ select: ReturnType<typeof modelColumns> }>;

function modelView(row: ModelRow): z.infer<typeof ModelView> {
  const deployments = row.deployments.map(deploymentView);
  const priced = deployments.every(({ enabled, demo, price }) => !enabled || demo || price !== null);
  return { ...row, deployments, priced };
}

function modelFacts({
  id: _id,
  managed: _managed,
  createdAt: _createdAt,
  deployments,
  ...facts
}: z.infer<typeof ModelView>): Record<string, unknown> {
  const served = deployments.map((deployment) => `${deployment.providerName}/${deployment.upstreamModel}`);
  return { ...facts, deployments: served };
}

async function findModel(db: Pick<Prisma.TransactionClient, "model">, id: string): Promise<z.infer<typeof ModelView>> {
  const row = await db.model.findUnique({ where: { id }, select: modelColumns(new Date()) });
  if (!row) throw notFound("model");
  return modelView(row);
}

/** Puts a provider's model behind a name, which is created when it is new; false when it is there already. */
async function offer(
  tx: Transaction,
  { providerId, upstreamModel, name }: { providerId: string; upstreamModel: string; name: string },
): Promise<boolean> {
  const found = await tx.model.findUnique({ where: { name }, select: { id: true, name: true, managed: true } });
  if (found) {
    const where = { modelId: found.id, providerId, upstreamModel };
    if (await tx.deployment.findFirst({ where, select: { id: true } })) return false;
    refuseManaged("model", found);
  }
  const model = found ?? (await tx.model.create({ data: { name }, select: { id: true } }));
  await addDeployment(tx, { modelId: model.id, providerId, upstreamModel });
  return true;
}

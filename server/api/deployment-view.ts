import type { z } from "zod";
import type { DeploymentView, PlacedDeployment } from "@/server/api/deployments.schema";
import { notFound, refuseManaged } from "@/server/api/errors";
import { priceColumns, priceView } from "@/server/api/price-view";
import type { Prisma } from "@/server/db/generated/client";
import { providerType } from "@/server/providers/registry";

/** The columns that a deployment is shown from, with the price in force: the newest version that is effective by `now`. */
export function deploymentColumns(now: Date) {
  return {
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
    provider: { select: { name: true, type: true } },
    prices: { select: priceColumns, where: { effectiveFrom: { lte: now } }, orderBy: { version: "desc" }, take: 1 },
  } satisfies Prisma.DeploymentSelect;
}

type DeploymentRow = Prisma.DeploymentGetPayload<{ select: ReturnType<typeof deploymentColumns> }>;

/** A deployment's row as it is shown. */
export function deploymentView({ provider, prices, ...row }: DeploymentRow): z.infer<typeof DeploymentView> {
  const [price] = prices;
  return {
    ...row,
    providerName: provider.name,
    demo: providerType(provider.type)?.local !== undefined,
    price: price ? priceView(price) : null,
  };
}

/** The columns of a deployment together with the model that it serves. */
export function placedColumns(now: Date) {
  return {
    ...deploymentColumns(now),
    model: { select: { id: true, name: true, managed: true } },
  } satisfies Prisma.DeploymentSelect;
}

type PlacedRow = Prisma.DeploymentGetPayload<{ select: ReturnType<typeof placedColumns> }>;

/** A deployment's row as it is shown apart from its model. */
export function placedView({ model, ...row }: PlacedRow): z.infer<typeof PlacedDeployment> {
  return { ...deploymentView(row), modelId: model.id, modelName: model.name };
}

/** What an audit entry keeps of a deployment. */
export function deploymentFacts(view: z.infer<typeof PlacedDeployment>): Record<string, unknown> {
  const { modelName, providerName, upstreamModel, priority, weight, enabled, price } = view;
  const { tags, region, rpm, tpm, concurrent, contextWindow } = view;
  return {
    modelName,
    providerName,
    upstreamModel,
    priority,
    weight,
    tags,
    region,
    rpm,
    tpm,
    concurrent,
    contextWindow,
    enabled,
    price,
  };
}

type Reader = Pick<Prisma.TransactionClient, "deployment">;

/** The deployment with this id as it is shown; throws NOT_FOUND. */
export async function findDeployment(db: Reader, id: string): Promise<z.infer<typeof PlacedDeployment>> {
  const row = await db.deployment.findUnique({ where: { id }, select: placedColumns(new Date()) });
  if (!row) throw notFound("deployment");
  return placedView(row);
}

/** As `findDeployment`, for a change: what conduit.json declares is refused. */
export async function findOwnDeployment(db: Reader, id: string): Promise<z.infer<typeof PlacedDeployment>> {
  const view = await findDeployment(db, id);
  refuseManaged("deployment", { name: `${view.modelName} on ${view.providerName}`, managed: view.managed });
  return view;
}

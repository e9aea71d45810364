import type { z } from "zod";
import { notFound } from "@/server/api/errors";
import type { KeyView } from "@/server/api/keys.schema";
import type { Prisma } from "@/server/db/generated/client";
import { usdText } from "@/server/money";
import { readModelLimits } from "@/server/state/limits-kinds";

/** The budgets that are shown and changed with their key; rolling, soft and partial ones stand for themselves. */
export const plainBudget = {
  period: { not: "hours" },
  models: { isEmpty: true },
  soft: false,
} satisfies Prisma.BudgetWhereInput;

/** The columns of a virtual key that are ever read here; its hash is not among them. */
const keyColumns = {
  id: true,
  name: true,
  prefix: true,
  last4: true,
  models: true,
  enabled: true,
  expiresAt: true,
  rpm: true,
  rph: true,
  rpd: true,
  tpm: true,
  tpd: true,
  concurrent: true,
  modelLimits: true,
  tags: true,
  cache: true,
  strict: true,
  managed: true,
  createdAt: true,
  lastUsedAt: true,
  group: { select: { id: true, name: true } },
  budgets: {
    select: { id: true, period: true, limitNano: true },
    where: plainBudget,
    orderBy: { createdAt: "asc" },
  },
} satisfies Prisma.VirtualKeySelect;

type KeyRow = Prisma.VirtualKeyGetPayload<{ select: typeof keyColumns }>;
type Reader = Pick<Prisma.TransactionClient, "virtualKey" | "callRollup">;
type View = z.infer<typeof KeyView>;

/** Every virtual key as it is shown, newest first. */
export async function allKeys(db: Reader): Promise<View[]> {
  const rows = await db.virtualKey.findMany({ select: keyColumns, orderBy: [{ createdAt: "desc" }, { id: "desc" }] });
  const spent = await spending(db, undefined);
  return rows.map((row) => keyView(row, spent.get(row.id)));
}

/** The virtual key with this id as it is shown; throws NOT_FOUND. */
export async function findKey(db: Reader, id: string): Promise<View> {
  const row = await db.virtualKey.findUnique({ where: { id }, select: keyColumns });
  if (!row) throw notFound("virtual key");
  return keyView(row, (await spending(db, id)).get(id));
}

/** What an audit entry keeps of a key. */
export function keyFacts(view: View): Record<string, unknown> {
  const { name, group, models, enabled, expiresAt, tags, cache, strict, modelLimits } = view;
  const { rpm, rph, rpd, tpm, tpd, concurrent } = view;
  const budgets = view.budgets.map(({ period, limitUsd }) => ({ period, limitUsd }));
  const limits = { rpm, rph, rpd, tpm, tpd, concurrent, modelLimits };
  return { name, group: group?.name ?? null, models, enabled, expiresAt, ...limits, tags, cache, strict, budgets };
}

type Spent = { calls: bigint; costNano: bigint };

const DAYS_30_MS = 30 * 24 * 60 * 60 * 1000;

async function spending(db: Reader, id: string | undefined): Promise<Map<string, Spent>> {
  const sums = await db.callRollup.groupBy({
    by: ["keyId"],
    where: { hour: { gte: new Date(Date.now() - DAYS_30_MS) }, keyId: id ?? { not: "" } },
    _sum: { calls: true, costNano: true },
  });
  return new Map(sums.map(({ keyId, _sum }) => [keyId, { calls: _sum.calls ?? 0n, costNano: _sum.costNano ?? 0n }]));
}

function keyView({ budgets, ...row }: KeyRow, spent: Spent | undefined): View {
  return {
    ...row,
    modelLimits: [...readModelLimits(row.modelLimits, row.id)],
    budgets: budgets.map(({ limitNano, ...budget }) => ({ ...budget, limitUsd: usdText(limitNano) })),
    spentUsd30d: usdText(spent?.costNano ?? 0n),
    calls30d: Number(spent?.calls ?? 0n),
  };
}

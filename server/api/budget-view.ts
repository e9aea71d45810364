import type { z } from "zod";
import type { BudgetView } from "@/server/api/budgets.schema";
import { notFound } from "@/server/api/errors";
import type { Prisma } from "@/server/db/generated/client";
import { usdText } from "@/server/money";
import { type Standing, standingsOf } from "@/server/state/spending";

const columns = {
  id: true,
  name: true,
  period: true,
  hours: true,
  timeZone: true,
  models: true,
  soft: true,
  limitNano: true,
  increaseNano: true,
  increaseUntil: true,
  resetAt: true,
  managed: true,
  createdAt: true,
  key: { select: { id: true, name: true } },
  group: { select: { id: true, name: true } },
} satisfies Prisma.BudgetSelect;

type Row = Prisma.BudgetGetPayload<{ select: typeof columns }>;
type Reader = Pick<Prisma.TransactionClient, "budget">;
type View = z.infer<typeof BudgetView>;
/** A budget as it is set, without how it stands. */
type Set = Omit<View, "spentUsd" | "reservedUsd" | "availableUsd" | "startsAt" | "resetsAt">;

/** Budgets as they are set; the newest last. */
export async function budgetRows(db: Reader, where: Prisma.BudgetWhereInput): Promise<Set[]> {
  const rows = await db.budget.findMany({ where, select: columns, orderBy: [{ createdAt: "asc" }, { id: "asc" }] });
  return rows.map(setView);
}

/** The budget with this id as it is set; throws NOT_FOUND. */
export async function findBudget(db: Reader, id: string): Promise<Set> {
  const [row] = await budgetRows(db, { id });
  if (!row) throw notFound("budget");
  return row;
}

/** Budgets with how they stand now. */
export async function withStandings(budgets: readonly Set[], nowMs = Date.now()): Promise<View[]> {
  const asked = budgets.map((budget) => ({ ...budget, resetAtMs: budget.resetAt?.getTime() ?? null }));
  const standings = await standingsOf(asked, nowMs);
  return budgets.flatMap((budget) => {
    const standing = standings.get(budget.id);
    // It was deleted a moment ago.
    return standing ? [{ ...budget, ...standingView(standing) }] : [];
  });
}

/** What an audit entry keeps of a budget. */
export function budgetFacts(budget: Set): Record<string, unknown> {
  const { owner, name, period, hours, timeZone, models, soft, limitUsd, increaseUsd, increaseUntil } = budget;
  return {
    owner: `${owner.kind} ${owner.name}`,
    ...{ name, period, hours, timeZone, models, soft, limitUsd, increaseUsd, increaseUntil },
  };
}

function setView({ key, group, limitNano, increaseNano, ...row }: Row): Set {
  const owner = key ? { kind: "key" as const, ...key } : { kind: "group" as const, id: "", name: "", ...group };
  const increaseUsd = row.increaseUntil === null ? null : usdText(increaseNano);
  return { ...row, owner, limitUsd: usdText(limitNano), increaseUsd };
}

function standingView({ window, limitNano, spentNano, reservedNano }: Standing) {
  const left = limitNano - spentNano - reservedNano;
  return {
    spentUsd: usdText(spentNano),
    reservedUsd: usdText(reservedNano),
    availableUsd: usdText(left > 0n ? left : 0n),
    startsAt: window.sinceMs === 0 ? null : new Date(window.sinceMs),
    resetsAt: window.endsMs === null ? null : new Date(window.endsMs),
  };
}

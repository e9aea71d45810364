import { z } from "zod";
import { budgetFacts, budgetRows, findBudget, withStandings } from "@/server/api/budget-view";
import {
  BudgetChange,
  BudgetFilter,
  BudgetReset,
  BudgetView,
  BudgetWindows,
  NewBudget,
} from "@/server/api/budgets.schema";
import { change, difference, given, snapshot, type Transaction } from "@/server/api/change";
import { badInput, conflict, notFound, refuseManaged } from "@/server/api/errors";
import { ById, Deleted } from "@/server/api/fields.schema";
import { type Admin, adminProcedure, rest, router } from "@/server/api/trpc";
import type { Prisma } from "@/server/db/generated/client";
import { prisma } from "@/server/db/prisma";
import { nanoFromUsdText, usdText } from "@/server/money";

/** What keys and groups may spend. */
export const budgets = router({
  list: adminProcedure
    .meta(rest("GET", "/budgets", "List budgets with what is spent, reserved and available, and when they begin anew."))
    .input(BudgetFilter)
    .output(z.array(BudgetView))
    .query(async ({ input }) => withStandings(await snapshot(async (tx) => budgetRows(tx, await matching(tx, input))))),

  get: adminProcedure
    .meta(rest("GET", "/budgets/{id}", "Read a budget."))
    .input(ById)
    .output(BudgetView)
    .query(({ input }) => shown(input.id)),

  create: adminProcedure
    .meta(rest("POST", "/budgets", "Add a budget to a key or a group."))
    .input(NewBudget)
    .output(BudgetView)
    .mutation(async ({ ctx, input }) => shown(await addBudget(ctx, input))),

  update: adminProcedure
    .meta(rest("PATCH", "/budgets/{id}", "Change a budget, or increase it for a while."))
    .input(BudgetChange)
    .output(BudgetView)
    .mutation(async ({ ctx, input }) => shown(await changeBudget(ctx, input))),

  reset: adminProcedure
    .meta(rest("POST", "/budgets/{id}/reset", "Begin a budget anew: what was spent before no longer counts."))
    .input(BudgetReset)
    .output(BudgetView)
    .mutation(async ({ ctx, input }) => shown(await resetBudget(ctx, input))),

  windows: adminProcedure
    .meta(rest("GET", "/budgets/{id}/windows", "List what was spent in a budget's last windows."))
    .input(ById)
    .output(BudgetWindows)
    .query(async ({ input: { id } }) => {
      await snapshot((tx) => findBudget(tx, id));
      const rows = await prisma().purse.findMany({ where: { budgetId: id }, orderBy: { startsAt: "desc" }, take: 200 });
      return rows.map(({ startsAt, spentNano }) => ({
        startsAt: startsAt.getTime() === 0 ? null : startsAt,
        spentUsd: usdText(spentNano),
      }));
    }),

  delete: adminProcedure
    .meta(rest("DELETE", "/budgets/{id}", "Delete a budget."))
    .input(ById)
    .output(Deleted)
    .mutation(({ ctx, input: { id } }) =>
      change(ctx, async (tx, note) => {
        const before = await findBudget(tx, id);
        refuseManaged("budget", { managed: before.managed });
        await tx.budget.delete({ where: { id }, select: { id: true } });
        await note({ action: "delete", noun: "budget", object: before, detail: difference({}, budgetFacts(before)) });
        return { id, deleted: true as const };
      }),
    ),
});

async function shown(id: string): Promise<z.infer<typeof BudgetView>> {
  const [view] = await withStandings([await snapshot((tx) => findBudget(tx, id))]);
  if (!view) throw notFound("budget");
  return view;
}

async function matching(
  tx: Transaction,
  { keyId, groupId }: z.infer<typeof BudgetFilter>,
): Promise<Prisma.BudgetWhereInput> {
  if (keyId === undefined) return given({ groupId });
  const key = await tx.virtualKey.findUnique({ where: { id: keyId }, select: { groupId: true } });
  if (!key) throw notFound("virtual key", "keyId");
  return { OR: [{ keyId }, ...(key.groupId === null ? [] : [{ groupId: key.groupId }])] };
}

function addBudget(ctx: Admin, { limitUsd, ...fields }: z.infer<typeof NewBudget>): Promise<string> {
  return change(ctx, async (tx, note) => {
    await checkOwner(tx, fields);
    const { period, timeZone, models, soft, name } = fields;
    const { keyId = null, groupId = null, hours = null } = fields;
    await refuseTwin(tx, { keyId, groupId, period, hours, models: { equals: models }, soft });
    const data = { keyId, groupId, hours, period, timeZone, models, soft, name, limitNano: nanoFromUsdText(limitUsd) };
    const { id } = await tx.budget.create({ data, select: { id: true } });
    const view = await findBudget(tx, id);
    await note({ action: "create", noun: "budget", object: view, detail: difference({}, budgetFacts(view)) });
    return id;
  });
}

function changeBudget(
  ctx: Admin,
  { id, limitUsd, increase, ...fields }: z.infer<typeof BudgetChange>,
): Promise<string> {
  return change(ctx, async (tx, note) => {
    const before = await findBudget(tx, id);
    refuseManaged("budget", { managed: before.managed });
    if (increase && increase.until <= new Date()) throw badInput("This moment has passed.", "increase.until");
    const { owner, period, hours } = before;
    await refuseTwin(tx, {
      id: { not: id },
      ...(owner.kind === "key" ? { keyId: owner.id } : { groupId: owner.id }),
      ...{ period, hours, models: { equals: fields.models ?? before.models }, soft: fields.soft ?? before.soft },
    });
    const limit = limitUsd === undefined ? {} : { limitNano: nanoFromUsdText(limitUsd) };
    await tx.budget.update({
      where: { id },
      data: { ...given(fields), ...limit, ...increased(increase) },
      select: { id: true },
    });
    const after = await findBudget(tx, id);
    const detail = difference(budgetFacts(before), budgetFacts(after));
    await note({ action: "update", noun: "budget", object: after, detail });
    return id;
  });
}

function increased(increase: z.infer<typeof BudgetChange>["increase"]) {
  if (increase === undefined) return {};
  if (increase === null) return { increaseNano: 0n, increaseUntil: null };
  return { increaseNano: nanoFromUsdText(increase.usd), increaseUntil: increase.until };
}

function resetBudget(ctx: Admin, { id, reason }: z.infer<typeof BudgetReset>): Promise<string> {
  return change(ctx, async (tx, note) => {
    const before = await findBudget(tx, id);
    const [standing] = await withStandings([before]);
    const resetAt = new Date();
    await tx.budget.update({ where: { id }, data: { resetAt }, select: { id: true } });
    const detail = { spentUsd: standing?.spentUsd ?? "0", resetAt: resetAt.toISOString(), reason };
    await note({ action: "reset", noun: "budget", object: before, detail });
    return id;
  });
}

async function checkOwner(tx: Transaction, { keyId, groupId }: z.infer<typeof BudgetFilter>): Promise<void> {
  const select = { id: true };
  if (keyId !== undefined && !(await tx.virtualKey.findUnique({ where: { id: keyId }, select })))
    throw notFound("virtual key", "keyId");
  if (groupId !== undefined && !(await tx.group.findUnique({ where: { id: groupId }, select })))
    throw notFound("group", "groupId");
}

/** Two of one period for the same models would say the same, unless one only warns. */
async function refuseTwin(tx: Transaction, where: Prisma.BudgetWhereInput): Promise<void> {
  if (await tx.budget.findFirst({ where, select: { id: true } }))
    throw conflict("There is a budget of this period for these models already.", "period");
}

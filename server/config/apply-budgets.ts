import type { Changes, Transaction } from "@/server/config/changes";
import type { ConfigBudget } from "@/server/config/parse";
import type { Prisma } from "@/server/db/generated/client";

/** Whose budgets they are, by id and name, and those that are stored. */
export type BudgetOwner = ({ readonly keyId: string } | { readonly groupId: string }) & {
  readonly name: string;
  readonly stored: readonly Stored[];
};

type Stored = Prisma.BudgetGetPayload<object>;
type Described = Pick<ConfigBudget, "hours" | "models" | "soft"> & { readonly period: string };

/** Creates and updates the declared budgets of a key or a group. One is the same as a stored one by what it covers. */
export async function applyBudgets(
  tx: Transaction,
  changes: Changes,
  { name, stored, ...owner }: BudgetOwner,
  budgets: readonly ConfigBudget[],
): Promise<void> {
  for (const { period, hours, models, soft, ...rest } of budgets) {
    const wanted = { ...rest, managed: true };
    const same = { period, hours, models: [...models], soft };
    const label = budgetLabel(same);
    const current = stored.find((budget) => budgetLabel(budget) === label);
    await changes.reconcile({ noun: "budget", name: `${name}/${label}` }, current, wanted, {
      create: () => tx.budget.create({ data: { ...owner, ...same, ...wanted }, select: { id: true } }),
      update: (id) => tx.budget.update({ where: { id }, data: wanted }),
    });
  }
}

/** What tells the budgets of one owner apart, such as `month`, `5 hours of gpt-*` or `day, soft`. */
export function budgetLabel({ period, hours, models, soft }: Described): string {
  const length = hours === null ? period : `${hours} hours`;
  return `${length}${models.length > 0 ? ` of ${models.join(" ")}` : ""}${soft ? ", soft" : ""}`;
}

import type { Outputs } from "@/components/trpc";

/** A budget with how it stands, as the list gives it. */
export type BudgetRow = Outputs["budgets"]["list"][number];

/** Whose budgets: a key's or a group's. */
export type BudgetOwner = { kind: "key" | "group"; id: string; name: string; managed: boolean };

const words: Record<string, string> = {
  total: "in total",
  day: "a day",
  week: "a week",
  month: "a month",
  year: "a year",
};

/** How long a budget lasts, to follow its amount: "a month", "in any 5 hours". */
export function periodWords({ period, hours }: Pick<BudgetRow, "period" | "hours">): string {
  if (period === "hours") return hours === 1 ? "in any hour" : `in any ${hours ?? 0} hours`;
  return words[period] ?? period;
}

/** The limit that holds now in dollars, with a temporary increase. */
export function limitNow({ limitUsd, increaseUsd, increaseUntil }: BudgetRow, now = Date.now()): number {
  const more =
    increaseUsd !== null && increaseUntil !== null && increaseUntil.getTime() > now ? Number(increaseUsd) : 0;
  return Number(limitUsd) + more;
}

/** How much of a budget is spent, and held beside that, in percent of its limit; together at most 100. */
export function sharesOf(budget: BudgetRow, now = Date.now()): { spent: number; reserved: number } {
  const limit = limitNow(budget, now);
  if (limit <= 0) return { spent: 100, reserved: 0 };
  const spent = Math.min(100, (Number(budget.spentUsd) / limit) * 100);
  return { spent, reserved: Math.min(100 - spent, (Number(budget.reservedUsd) / limit) * 100) };
}

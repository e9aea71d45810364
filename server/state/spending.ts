import { query } from "@/server/db/sql";
import type { NanoUsd } from "@/server/money";
import { type Period, type Window, windowAt } from "@/server/state/budget-window";

/** How a budget stands in its current window. */
export type Standing = {
  readonly window: Window;
  /** With a temporary increase that holds. */
  readonly limitNano: NanoUsd;
  readonly spentNano: NanoUsd;
  /** Leased by processes, for calls under way and those to come. */
  readonly reservedNano: NanoUsd;
};

type Row = { id: string; limit_nano: string; spent: string; leased: string };

/** The standing of budgets at a moment, by id; those that are gone are left out. */
export async function standingsOf(
  budgets: readonly (Period & { readonly id: string })[],
  nowMs: number,
): Promise<Map<string, Standing>> {
  if (budgets.length === 0) return new Map();
  const windows = new Map(budgets.map((budget) => [budget.id, windowAt(budget, nowMs)]));
  const asked = [...windows].map(([id, { sinceMs }]) => ({ id, since: new Date(sinceMs) }));
  const rows = await query<Row>(
    `SELECT budget.id, (budget.limit_nano + CASE WHEN budget.increase_until > $2 THEN budget.increase_nano ELSE 0 END)::text AS limit_nano,
            coalesce(sum(purse.spent_nano), 0)::text AS spent, coalesce(sum(purse.leased_nano), 0)::text AS leased
       FROM json_to_recordset($1::json) AS asked(id uuid, since timestamptz)
       JOIN budget ON budget.id = asked.id
       LEFT JOIN purse ON purse.budget_id = budget.id AND purse.starts_at >= asked.since
      GROUP BY budget.id`,
    [JSON.stringify(asked), new Date(nowMs)],
  );
  return new Map(
    rows.flatMap((row): [string, Standing][] => {
      const window = windows.get(row.id);
      if (!window) return [];
      const { limit_nano, spent, leased } = row;
      return [
        [row.id, { window, limitNano: BigInt(limit_nano), spentNano: BigInt(spent), reservedNano: BigInt(leased) }],
      ];
    }),
  );
}

/** What calls spent of a group's balance, and what processes hold of the rest. */
export async function groupSpending(groupId: string): Promise<{ spentNano: NanoUsd; reservedNano: NanoUsd }> {
  const [row] = await query<{ spent: string; leased: string }>(
    "SELECT spent_nano::text AS spent, leased_nano::text AS leased FROM purse WHERE group_id = $1",
    [groupId],
  );
  return { spentNano: BigInt(row?.spent ?? 0), reservedNano: BigInt(row?.leased ?? 0) };
}

import { query } from "@/server/db/sql";
import { log } from "@/server/log";
import { usdText } from "@/server/money";
import { BUDGET_LIMIT, type Crossed, earlierHours } from "@/server/state/ledger-write";
import { notify } from "@/server/state/notifications";

type Row = {
  budget: string | null;
  key_name: string | null;
  group_name: string | null;
  spent: string;
  limit_nano: string;
  starts_at: Date;
};

/** Tells, once for each share and window, that a budget or balance is spent to 50, 80, 90 or 100 percent. A failure is logged. */
export async function tellOfBudgets(crossed: readonly Crossed[]): Promise<void> {
  for (const { purseId, percent } of crossed) {
    try {
      await tell(purseId, percent);
    } catch (error) {
      log.error({ err: error, purse: purseId, percent }, "An alert for a budget could not be written.");
    }
  }
}

async function tell(purseId: string, percent: number): Promise<void> {
  // Whoever moves the mark tells: two processes may have crossed it together.
  const [row] = await query<Row>(
    `WITH moved AS (UPDATE purse SET alerted = $2 WHERE id = $1 AND alerted < $2 RETURNING *)
     SELECT budget.name AS budget, virtual_key.name AS key_name, key_group.name AS group_name,
            moved.spent_nano + coalesce(before.spent_nano, 0) AS spent,
            coalesce(${BUDGET_LIMIT}, key_group.balance_nano) AS limit_nano, moved.starts_at
       FROM moved LEFT JOIN budget ON budget.id = moved.budget_id
       LEFT JOIN virtual_key ON virtual_key.id = budget.key_id
       LEFT JOIN key_group ON key_group.id = coalesce(budget.group_id, moved.group_id)
       LEFT JOIN LATERAL (${earlierHours("moved")}) AS before ON true`,
    [purseId, percent],
  );
  if (!row) return;
  const owner = row.key_name === null ? `group '${row.group_name}'` : `key '${row.key_name}'`;
  const what =
    row.budget === null ? `The balance of ${owner}` : `The budget${row.budget ? ` '${row.budget}'` : ""} of ${owner}`;
  await notify({
    kind: "budget",
    severity: percent >= 100 ? "error" : percent >= 90 ? "warning" : "info",
    title: `${what} is spent to ${percent} %: $${usdText(BigInt(row.spent))} of $${usdText(BigInt(row.limit_nano))}.`,
    detail: { purse: purseId, percent, since: row.starts_at.toISOString() },
    once: `budget ${purseId} ${percent}`,
  });
}

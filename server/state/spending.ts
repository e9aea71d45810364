import { query } from "@/server/db/sql";
import type { Caller } from "@/server/state/callers";

/** The current calendar period in UTC: its first moment (null = from the beginning) and when the next begins. */
export function periodBounds(period: string, now: Date): { from: Date | null; resetsAt: Date | null } {
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()];
  switch (period) {
    case "day":
      return { from: utc(year, month, day), resetsAt: utc(year, month, day + 1) };
    case "week": {
      // Weeks begin on Monday, as ISO 8601 has it.
      const monday = day - ((now.getUTCDay() + 6) % 7);
      return { from: utc(year, month, monday), resetsAt: utc(year, month, monday + 7) };
    }
    case "month":
      return { from: utc(year, month, 1), resetsAt: utc(year, month + 1, 1) };
    case "year":
      return { from: utc(year, 0, 1), resetsAt: utc(year + 1, 0, 1) };
    default:
      return { from: null, resetsAt: null };
  }
}

/** What a key, or every key of its group, spent in a period, in nano-dollars, by the hourly rollup. */
export async function spentBy(
  caller: Caller,
  owner: "key" | "group",
  period: string,
): Promise<{ spentNano: bigint; resetsAt: Date | null }> {
  const { from, resetsAt } = periodBounds(period, new Date());
  const whose =
    owner === "key" ? "key_id = $1" : "key_id IN (SELECT id::text FROM virtual_key WHERE group_id::text = $1)";
  const [row] = await query<{ spent: string }>(
    `SELECT coalesce(sum(cost_nano), 0)::text AS spent FROM call_rollup WHERE ${whose} AND hour >= coalesce($2, '-infinity'::timestamptz)`,
    [owner === "key" ? caller.keyId : caller.groupId, from],
  );
  return { spentNano: BigInt(row?.spent ?? 0), resetsAt };
}

function utc(year: number, month: number, day: number): Date {
  return new Date(Date.UTC(year, month, day));
}

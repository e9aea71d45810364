import type { Run } from "@/server/db/run";
import { type NanoUsd, usdText } from "@/server/money";

/** A total that is not what its rows add up to. Amounts are nano-dollars, all others counts. */
export type Difference = {
  readonly total: "rollup" | "budget" | "balance" | "lease" | "transaction";
  /** Which one, for a person to read. */
  readonly what: string;
  readonly column: string;
  readonly kept: bigint;
  readonly rows: bigint;
};

export type Verified = {
  readonly calls: number;
  readonly adjustments: number;
  readonly costNano: NanoUsd;
  /** From when on rows are kept, where days were dropped: totals of earlier calls cannot be checked. Null = none were. */
  readonly since: Date | null;
  /** Budgets' windows and balances that began before that, which are not checked for that reason. */
  readonly unchecked: number;
  readonly differences: readonly Difference[];
};

type DifferenceRow = { what: string; name: string; kept: string; rows: string };

/**
 * Adds up all rows of the ledger and compares the sums with every total that is kept. Must run in one transaction that sees a single
 * moment (`REPEATABLE READ`), so that it may be asked while calls are served.
 */
export async function verifyLedger(run: Run): Promise<Verified> {
  const [counts] = await run<{ calls: string; cost: string; adjustments: string }>(
    `SELECT (SELECT count(*)::text FROM call) AS calls, (SELECT count(*)::text FROM adjustment) AS adjustments,
            ((SELECT coalesce(sum(cost_nano), 0) FROM call) + (SELECT coalesce(sum(delta_nano), 0) FROM adjustment))::text AS cost`,
    [],
  );
  const since = await keptSince(run);
  const from = since?.toISOString() ?? "-infinity";
  const differences: Difference[] = [];
  for (const { total, text } of CHECKS) {
    const rows = await run<DifferenceRow>(text, [from]);
    for (const { what, name, ...amounts } of rows)
      differences.push({ total, what, column: name, kept: BigInt(amounts.kept), rows: BigInt(amounts.rows) });
  }
  const [old] = await run<{ count: string }>(UNCHECKED, [from]);
  return {
    calls: Number(counts?.calls ?? 0),
    adjustments: Number(counts?.adjustments ?? 0),
    costNano: BigInt(counts?.cost ?? 0),
    since,
    unchecked: Number(old?.count ?? 0),
    differences,
  };
}

/** A difference in one line. */
export function differenceText({ total, what, column, kept, rows }: Difference): string {
  const show = (value: bigint): string => (column.endsWith("_nano") ? `$${usdText(value)}` : value.toString());
  return `${total} ${what}: ${column} is ${show(kept)}, its rows add up to ${show(rows)} (${show(kept - rows)} too much)`;
}

/** Days are dropped whole; that one was is told by the rollups of its hours, which stay. */
async function keptSince(run: Run): Promise<Date | null> {
  const [row] = await run<{ day: Date | string }>(
    `WITH oldest AS (
       SELECT coalesce(min(substring(pg_get_expr(child.relpartbound, child.oid) FROM 'FROM \\(''([^'']+)''\\)')::timestamptz), now()) AS day
         FROM pg_inherits JOIN pg_class AS child ON child.oid = pg_inherits.inhrelid
        WHERE pg_inherits.inhparent = 'call'::regclass AND pg_get_expr(child.relpartbound, child.oid) LIKE 'FOR VALUES%'
     ) SELECT day FROM oldest WHERE EXISTS (SELECT FROM call_rollup WHERE hour < day)`,
    [],
  );
  return row ? new Date(row.day) : null;
}

/** The hours of calls as rollups have them: first what rows add up to, then what is kept. */
const ROLLUP = `
WITH changes AS (
  SELECT call_id, sum(delta_nano) AS delta, bool_or(kind = 'rerate') AS rerated FROM adjustment GROUP BY call_id
), added AS (
  SELECT date_trunc('hour', started_at, 'UTC') AS hour, coalesce(key_id::text, '') AS key_id, coalesce(model, '') AS model,
         coalesce(provider_name, '') AS provider_name, count(*) AS calls, count(*) FILTER (WHERE status >= 400) AS errors,
         count(*) FILTER (WHERE cost_nano IS NULL AND NOT coalesce(rerated, false)) AS unpriced,
         sum(input_tokens + cached_input_tokens + cache_write_tokens + cache_write_1h_tokens + audio_input_tokens) AS input_tokens,
         sum(output_tokens + reasoning_tokens + audio_output_tokens) AS output_tokens,
         coalesce(sum(cost_nano), 0) + coalesce(sum(delta), 0) AS cost_nano, sum(duration_ms) AS duration_ms,
         coalesce(sum(first_token_ms), 0) AS first_token_ms, count(first_token_ms) AS first_tokens
    FROM call LEFT JOIN changes ON changes.call_id = call.id GROUP BY 1, 2, 3, 4
), kept AS (
  SELECT * FROM call_rollup WHERE hour >= $1::timestamptz
), pairs AS (
  SELECT hour, key_id, model, provider_name, side.name, side.kept, side.rows
    FROM kept FULL JOIN added USING (hour, key_id, model, provider_name)
    CROSS JOIN LATERAL (VALUES
      ('calls', kept.calls, added.calls), ('errors', kept.errors, added.errors), ('unpriced', kept.unpriced, added.unpriced),
      ('input_tokens', kept.input_tokens, added.input_tokens), ('output_tokens', kept.output_tokens, added.output_tokens),
      ('cost_nano', kept.cost_nano, added.cost_nano), ('duration_ms', kept.duration_ms, added.duration_ms),
      ('first_token_ms', kept.first_token_ms, added.first_token_ms), ('first_tokens', kept.first_tokens, added.first_tokens)
    ) AS side(name, kept, rows)
)
SELECT to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24":00Z"') || ' key ' || key_id || ' model ' || model || ' provider ' || provider_name AS what,
       name, coalesce(kept, 0)::bigint::text AS kept, coalesce(rows, 0)::bigint::text AS rows
  FROM pairs WHERE coalesce(kept, 0) <> coalesce(rows, 0) ORDER BY hour, key_id, model, provider_name, name`;

/** What each purse should have spent: the costs of its calls, their new prices, and for budgets their refunds. */
const PURSES = `
WITH changes AS (
  SELECT call_id, coalesce(sum(delta_nano) FILTER (WHERE kind = 'rerate'), 0) AS rerated, sum(delta_nano) AS delta FROM adjustment GROUP BY call_id
), added AS (
  SELECT purse_id, sum(coalesce(cost_nano, 0) + coalesce(delta, 0)) AS net, sum(coalesce(cost_nano, 0) + coalesce(rerated, 0)) AS gross
    FROM call CROSS JOIN LATERAL unnest(purses) AS purse_id LEFT JOIN changes ON changes.call_id = call.id GROUP BY 1
), pairs AS (
  SELECT purse.*, coalesce(CASE WHEN purse.group_id IS NULL THEN added.net ELSE added.gross END, 0) AS rows
    FROM purse LEFT JOIN added ON added.purse_id = purse.id
)`;

const BUDGETS = `${PURSES}
SELECT coalesce('key ' || k.name, 'group ' || g.name) || ' ' || budget.period || ' ' || budget.name || ' from ' || pairs.starts_at AS what,
       'spent_nano' AS name, spent_nano::text AS kept, rows::bigint::text AS rows
  FROM pairs JOIN budget ON budget.id = pairs.budget_id
  LEFT JOIN virtual_key k ON k.id = budget.key_id LEFT JOIN key_group g ON g.id = budget.group_id
 WHERE spent_nano <> rows AND greatest(starts_at, budget.created_at) >= $1::timestamptz ORDER BY 1`;

const BALANCES = `${PURSES}
SELECT 'group ' || key_group.name AS what, 'spent_nano' AS name, spent_nano::text AS kept, rows::bigint::text AS rows
  FROM pairs JOIN key_group ON key_group.id = pairs.group_id
 WHERE spent_nano <> rows AND key_group.created_at >= $1::timestamptz ORDER BY 1`;

const TRANSACTIONS = `
SELECT 'group ' || key_group.name AS what, 'balance_nano' AS name, balance_nano::text AS kept, coalesce(sum(amount_nano), 0)::bigint::text AS rows
  FROM key_group LEFT JOIN group_transaction ON group_transaction.group_id = key_group.id
 WHERE balance_nano IS NOT NULL AND $1::timestamptz IS NOT NULL
 GROUP BY key_group.id HAVING balance_nano <> coalesce(sum(amount_nano), 0) ORDER BY 1`;

const LEASES = `
SELECT 'purse ' || purse.id AS what, 'leased_nano' AS name, leased_nano::text AS kept, coalesce(sum(granted_nano), 0)::bigint::text AS rows
  FROM purse LEFT JOIN lease ON lease.purse_id = purse.id
 WHERE $1::timestamptz IS NOT NULL
 GROUP BY purse.id HAVING leased_nano <> coalesce(sum(granted_nano), 0) ORDER BY 1`;

const UNCHECKED = `
SELECT count(*)::text AS count FROM purse LEFT JOIN budget ON budget.id = purse.budget_id LEFT JOIN key_group ON key_group.id = purse.group_id
 WHERE spent_nano <> 0 AND greatest(starts_at, coalesce(budget.created_at, key_group.created_at)) < $1::timestamptz`;

const CHECKS: readonly { readonly total: Difference["total"]; readonly text: string }[] = [
  { total: "rollup", text: ROLLUP },
  { total: "budget", text: BUDGETS },
  { total: "balance", text: BALANCES },
  { total: "transaction", text: TRANSACTIONS },
  { total: "lease", text: LEASES },
];

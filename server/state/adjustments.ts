import type { Run } from "@/server/db/run";
import type { NanoUsd } from "@/server/money";

/** A change to what one call cost. */
export type Adjustment = {
  readonly callId: string;
  readonly callStartedAt: Date;
  readonly deltaNano: NanoUsd;
  /** The price that the call costs now, where that is what changed. */
  readonly priceId?: string | undefined;
  /** The call had no price before. */
  readonly firstPrice?: boolean | undefined;
};

/** Why and by whom: `refund` gives money back, `rerate` corrects a price. */
export type AdjustmentNote = { readonly kind: "refund" | "rerate"; readonly reason: string; readonly actor: string };

/** Transactions that adjust calls take this lock, so that no two look at the same call. */
export const ADJUSTING = "conduit_adjust";

/**
 * Writes adjustments, and with them in one statement the rollup and the budgets that the calls were spent from. What a refund gives
 * back to a group's balance is a transaction of that group instead, and not in here.
 */
export async function postAdjustments(
  run: Run,
  adjustments: readonly Adjustment[],
  { kind, reason, actor }: AdjustmentNote,
): Promise<void> {
  if (adjustments.length === 0) return;
  const given = adjustments.map(({ callId, callStartedAt, deltaNano, priceId, firstPrice }) => ({
    call_id: callId,
    started_at: callStartedAt.toISOString(),
    delta: deltaNano.toString(),
    price_id: priceId ?? null,
    first_price: firstPrice ?? false,
  }));
  await run(POST, [JSON.stringify(given), kind, reason, actor]);
}

const POST = `
WITH given AS (
  SELECT * FROM json_to_recordset($1::json) AS one(call_id uuid, started_at timestamptz, delta bigint, price_id uuid, first_price boolean)
), changed AS (
  SELECT call.id, call.started_at, call.key_id, call.model, call.provider_name, call.purses, given.delta, given.price_id AS new_price, given.first_price
    FROM given JOIN call ON call.started_at = given.started_at AND call.id = given.call_id
), posted AS (
  INSERT INTO adjustment (id, call_id, call_started_at, kind, delta_nano, price_id, reason, actor)
  SELECT gen_random_uuid(), id, started_at, $2, delta, new_price, $3, $4 FROM changed RETURNING 1
), summed AS (
  UPDATE call_rollup AS rollup SET cost_nano = rollup.cost_nano + sums.delta, unpriced = rollup.unpriced - sums.first_prices
    FROM (SELECT date_trunc('hour', started_at, 'UTC') AS hour, coalesce(key_id::text, '') AS key, coalesce(model, '') AS model,
                 coalesce(provider_name, '') AS provider, sum(delta)::bigint AS delta, count(*) FILTER (WHERE first_price) AS first_prices
            FROM changed GROUP BY 1, 2, 3, 4) AS sums
   WHERE rollup.hour = sums.hour AND rollup.key_id = sums.key AND rollup.model = sums.model AND rollup.provider_name = sums.provider
  RETURNING 1
), spent AS (
  UPDATE purse SET spent_nano = purse.spent_nano + sums.delta
    FROM (SELECT purse_id, sum(delta)::bigint AS delta FROM changed, unnest(purses) AS purse_id GROUP BY 1) AS sums
   WHERE purse.id = sums.purse_id AND ($2 = 'rerate' OR purse.budget_id IS NOT NULL)
  RETURNING 1
)
SELECT (SELECT count(*) FROM posted)::int AS posted`;

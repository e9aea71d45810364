import type { Run } from "@/server/db/run";
import { GatewayError } from "@/server/errors";
import { type NanoUsd, usdText } from "@/server/money";
import { ADJUSTING, postAdjustments } from "@/server/state/adjustments";
import { holdBalance, type PostedTransaction, postTransaction } from "@/server/state/balances";

export type Refund = {
  readonly callId: string;
  /** With it the call is found at once; without it every day is searched. */
  readonly startedAt?: Date | undefined;
  /** Left out: all that the call cost. */
  readonly amountNano?: NanoUsd | undefined;
  readonly reason: string;
  readonly actor: string;
};

export type Refunded = {
  readonly callStartedAt: Date;
  readonly amountNano: NanoUsd;
  /** True when it had been refunded before: then nothing was done. */
  readonly repeated: boolean;
  /** Where the call was spent from the balance of its group. */
  readonly transaction: (PostedTransaction & { readonly groupId: string }) | undefined;
};

type CallRow = { id: string; started_at: Date | string; cost: string; rerated: string; refunded: string | null };

/**
 * Gives back what a call cost, once however often it is asked: its budgets and rollup are lowered, and a group's balance that it
 * was spent from gets a transaction. Must run in a database transaction. Throws `not_found`, and `invalid_request` when the amount is
 * more than the call cost or another amount was refunded before.
 */
export async function refundCall(
  run: Run,
  { callId, startedAt, amountNano, reason, actor }: Refund,
): Promise<Refunded> {
  await run("SELECT pg_advisory_xact_lock(hashtext($1))::text", [ADJUSTING]);
  const [row] = await run<CallRow>(
    `SELECT id::text, started_at, coalesce(cost_nano, 0)::text AS cost,
            (SELECT coalesce(sum(delta_nano), 0)::text FROM adjustment WHERE call_id = call.id AND kind = 'rerate') AS rerated,
            (SELECT (-delta_nano)::text FROM adjustment WHERE call_id = call.id AND kind = 'refund') AS refunded
       FROM call WHERE id = $1::uuid AND ($2::timestamptz IS NULL OR started_at = $2::timestamptz)`,
    [callId, startedAt?.toISOString() ?? null],
  );
  if (!row) throw new GatewayError("not_found", "There is no such call.");
  const callStartedAt = new Date(row.started_at);
  if (row.refunded !== null) {
    const before = BigInt(row.refunded);
    if (amountNano !== undefined && amountNano !== before)
      throw refused(`This call was refunded before, by $${usdText(before)}; a call is refunded once.`);
    return { callStartedAt, amountNano: before, repeated: true, transaction: undefined };
  }
  const cost = BigInt(row.cost) + BigInt(row.rerated);
  const amount = amountNano ?? cost;
  if (cost <= 0n) throw refused("This call cost nothing: there is nothing to give back.");
  if (amount <= 0n || amount > cost) throw refused(`This call cost $${usdText(cost)}: a refund is at most that.`);
  await postAdjustments(run, [{ callId, callStartedAt, deltaNano: -amount }], { kind: "refund", reason, actor });
  const transaction = await giveBack(run, callStartedAt, { callId, amount, reason, actor });
  return { callStartedAt, amountNano: amount, repeated: false, transaction };
}

type GivenBack = { readonly callId: string; readonly amount: NanoUsd; readonly reason: string; readonly actor: string };

async function giveBack(
  run: Run,
  callStartedAt: Date,
  { callId, amount, reason, actor }: GivenBack,
): Promise<Refunded["transaction"]> {
  const [purse] = await run<{ group_id: string }>(
    `SELECT purse.group_id::text FROM call, unnest(call.purses) AS spent JOIN purse ON purse.id = spent
      WHERE call.started_at = $1::timestamptz AND call.id = $2::uuid AND purse.group_id IS NOT NULL`,
    [callStartedAt.toISOString(), callId],
  );
  if (!purse) return undefined;
  const groupId = purse.group_id;
  const balance = await holdBalance(run, groupId);
  // It has since been taken away: there is no balance to give anything back to.
  if (!balance || balance.openNano === null) return undefined;
  const posted = await postTransaction(run, { groupId, kind: "refund", amountNano: amount, reason, actor, callId });
  return { ...posted, groupId };
}

function refused(message: string): GatewayError {
  return new GatewayError("invalid_request", message, { param: "amountUsd" });
}

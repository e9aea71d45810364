import type { Run } from "@/server/db/run";
import { GatewayError } from "@/server/errors";
import { type NanoUsd, usdText } from "@/server/money";

/** What moves a group's balance, beside what its calls spend. */
export type TransactionKind = "credit" | "debit" | "refund" | "adjustment";

export type NewTransaction = {
  readonly groupId: string;
  readonly kind: TransactionKind;
  /** Signed: what the balance grows by. */
  readonly amountNano: NanoUsd;
  readonly reason: string;
  readonly actor: string;
  readonly callId?: string | undefined;
};

/** A transaction as it was written; `balanceAfterNano` is what was left after it. */
export type PostedTransaction = { readonly id: string; readonly balanceAfterNano: NanoUsd };

/**
 * A group's balance: what was put in (the sum of its transactions), and what calls have spent of it; what is left is the
 * difference. `openNano` is null where the group has none, although it may have had one.
 */
export type Balance = { readonly openNano: NanoUsd | null; readonly putInNano: NanoUsd; readonly spentNano: NanoUsd };

/** Far below what 64 bits hold, so that sums of balances fit as well. */
const MOST: NanoUsd = 1_000_000_000_000_000_000n;

/** Reads a group's balance and holds it until the transaction ends; undefined when there is no such group. */
export async function holdBalance(run: Run, groupId: string): Promise<Balance | undefined> {
  const [row] = await run<{ open: string | null }>(
    "SELECT balance_nano::text AS open FROM key_group WHERE id = $1::uuid FOR NO KEY UPDATE",
    [groupId],
  );
  if (!row) return undefined;
  const [sums] = await run<{ put_in: string; spent: string }>(
    `SELECT (SELECT coalesce(sum(amount_nano), 0)::text FROM group_transaction WHERE group_id = $1::uuid) AS put_in,
            (SELECT coalesce(sum(spent_nano), 0)::text FROM purse WHERE group_id = $1::uuid) AS spent`,
    [groupId],
  );
  return {
    openNano: row.open === null ? null : BigInt(row.open),
    putInNano: BigInt(sums?.put_in ?? 0),
    spentNano: BigInt(sums?.spent ?? 0),
  };
}

/**
 * Writes a transaction and moves the balance with it; a group without a balance gets one. Must run in a database transaction.
 * Throws `not_found`, and `invalid_request` about `amountUsd` when a debit is more than what is left.
 */
export async function postTransaction(run: Run, transaction: NewTransaction): Promise<PostedTransaction> {
  const balance = await holdBalance(run, transaction.groupId);
  if (!balance) throw new GatewayError("not_found", "There is no such group.");
  const left = balance.putInNano - balance.spentNano;
  if (transaction.kind === "debit" && -transaction.amountNano > left)
    throw new GatewayError("invalid_request", `Only $${usdText(left)} is left to debit.`, { param: "amountUsd" });
  return post(run, balance, transaction);
}

/**
 * Makes what is left of a group's balance this much, by a transaction of the difference; null takes the balance away. Must run in a
 * database transaction. Undefined when nothing changes.
 */
export async function setBalance(
  run: Run,
  wanted: NanoUsd | null,
  { groupId, ...note }: Pick<NewTransaction, "groupId" | "kind" | "reason" | "actor">,
): Promise<PostedTransaction | undefined> {
  const balance = await holdBalance(run, groupId);
  if (!balance) throw new GatewayError("not_found", "There is no such group.");
  if (wanted === null && balance.openNano === null) return undefined;
  const amountNano = (wanted ?? 0n) + balance.spentNano - balance.putInNano;
  if (wanted !== null && balance.openNano !== null && amountNano === 0n) return undefined;
  const posted = amountNano === 0n ? undefined : await post(run, balance, { groupId, amountNano, ...note });
  const open = wanted === null ? null : (balance.putInNano + amountNano).toString();
  await run("UPDATE key_group SET balance_nano = $2::bigint, updated_at = now() WHERE id = $1::uuid", [groupId, open]);
  return posted;
}

async function post(run: Run, balance: Balance, transaction: NewTransaction): Promise<PostedTransaction> {
  const { groupId, kind, amountNano, reason, actor, callId } = transaction;
  const putIn = balance.putInNano + amountNano;
  if (putIn > MOST)
    throw new GatewayError("invalid_request", `A balance is at most $${usdText(MOST)}.`, { param: "amountUsd" });
  const balanceAfterNano = putIn - balance.spentNano;
  const [row] = await run<{ id: string }>(
    // The clock, and not when the transaction began: it may have waited for another one's balance.
    `INSERT INTO group_transaction (id, group_id, at, kind, amount_nano, balance_after_nano, reason, actor, call_id)
     VALUES (gen_random_uuid(), $1::uuid, clock_timestamp(), $2, $3::bigint, $4::bigint, $5, $6, $7::uuid) RETURNING id::text`,
    [groupId, kind, amountNano.toString(), balanceAfterNano.toString(), reason, actor, callId ?? null],
  );
  await run("UPDATE key_group SET balance_nano = $2::bigint, updated_at = now() WHERE id = $1::uuid", [
    groupId,
    putIn.toString(),
  ]);
  return { id: row?.id ?? "", balanceAfterNano };
}

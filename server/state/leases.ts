import { query } from "@/server/db/sql";
import { GatewayError } from "@/server/errors";
import type { NanoUsd } from "@/server/money";
import type { Window } from "@/server/state/budget-window";
import { health } from "@/server/state/health";
import { instanceId } from "@/server/state/instance";

/** What the database granted of a purse, and how it stood before: `available` is neither spent nor leased to anybody. */
export type Leased = {
  readonly purseId: string;
  readonly granted: NanoUsd;
  readonly available: NanoUsd;
  readonly spent: NanoUsd;
  readonly limit: NanoUsd;
  /** Leased to other processes. */
  readonly elsewhere: NanoUsd;
};

type Asked = {
  readonly budgetId: string | null;
  readonly groupId: string | null;
  readonly window: Window;
  readonly need: NanoUsd;
  /** Also what is not there: for money that is spent already. */
  readonly force: boolean;
};

/** How long a process may be silent before what it leased is free for others. */
const SILENT = "10 minutes";

/** Leases a part of a purse; undefined when its budget is gone. Throws `store_unavailable` when the database is away. */
export async function lease({ budgetId, groupId, window, need, force }: Asked): Promise<Leased | undefined> {
  const { started, database } = health();
  // A call does not wait for what is known to give no answer; what is spent already has nothing else to do.
  if (started && !database && !force) throw unavailable();
  const rows = await query<{
    purse_id: string;
    granted: string;
    available: string;
    spent: string;
    limit_nano: string;
    elsewhere: string;
  }>("SELECT * FROM conduit_lease($1, $2, $3, $4, $5, $6, $7)", [
    instanceId(),
    budgetId,
    groupId,
    new Date(window.startsMs),
    new Date(window.sinceMs),
    need,
    force,
  ]).catch((cause: unknown) => {
    throw unavailable(cause);
  });
  const [row] = rows;
  if (!row) return undefined;
  return {
    purseId: row.purse_id,
    granted: BigInt(row.granted),
    available: BigInt(row.available),
    spent: BigInt(row.spent),
    limit: BigInt(row.limit_nano),
    elsewhere: BigInt(row.elsewhere),
  };
}

/** How a purse stands for a process, as `lease` tells it, without leasing anything; undefined when its budget is gone. */
export async function lookAtLease({
  budgetId,
  groupId,
  window: { sinceMs },
}: Pick<Asked, "budgetId" | "groupId" | "window">): Promise<Omit<Leased, "purseId"> | undefined> {
  const { started, database } = health();
  if (started && !database) throw unavailable();
  const rows = await query<{ limit_nano: string; spent: string; leased: string; own: string }>(
    `SELECT owner.limit_nano::text, coalesce(sum(purse.spent_nano), 0)::text AS spent,
            coalesce(sum(purse.leased_nano), 0)::text AS leased, coalesce(sum(own.granted_nano), 0)::text AS own
       FROM (SELECT limit_nano + CASE WHEN increase_until > now() THEN increase_nano ELSE 0 END AS limit_nano
               FROM budget WHERE id = $2
              UNION ALL SELECT balance_nano FROM key_group WHERE id = $3) AS owner
       LEFT JOIN purse ON (purse.budget_id = $2 OR purse.group_id = $3) AND purse.starts_at >= $4
       LEFT JOIN lease AS own ON own.purse_id = purse.id AND own.instance = $1
      GROUP BY owner.limit_nano`,
    [instanceId(), budgetId, groupId, new Date(sinceMs)],
  ).catch((cause: unknown) => {
    throw unavailable(cause);
  });
  const [row] = rows;
  if (!row) return undefined;
  const [limit, spent, leased] = [BigInt(row.limit_nano), BigInt(row.spent), BigInt(row.leased)];
  return { granted: 0n, available: limit - spent - leased, spent, limit, elsewhere: leased - BigInt(row.own) };
}

/** Gives a part of a lease back to everybody. */
export async function returnLease(instance: string, purseId: string, amount: NanoUsd): Promise<void> {
  await query("SELECT conduit_return_lease($1, $2, $3)", [instance, purseId, amount]);
}

type Owned = { readonly budgetId: string | null; readonly groupId: string | null; readonly startsAt: Date };

/** What the database says is leased of a purse by a process. */
export async function grantedOf(instance: string, { budgetId, groupId, startsAt }: Owned): Promise<NanoUsd> {
  const [row] = await query<{ granted: string }>(
    `SELECT lease.granted_nano::text AS granted FROM lease JOIN purse ON purse.id = lease.purse_id
      WHERE lease.instance = $1 AND (purse.group_id = $3 OR (purse.budget_id = $2 AND purse.starts_at = $4))`,
    [instance, budgetId, groupId, startsAt],
  );
  return BigInt(row?.granted ?? 0);
}

/** Ends what a process had leased, once all that it spent is written, and what processes hold that have gone silent. */
export async function endLeases(instance: string): Promise<void> {
  await query("SELECT conduit_end_leases($1, $2)", [instance, SILENT]);
}

/** Says that this process lives, and ends the leases of those that have gone silent. */
export async function renewLeases(): Promise<void> {
  await query("UPDATE lease SET renewed_at = now() WHERE instance = $1", [instanceId()]);
  await query("SELECT conduit_end_leases(NULL, $1)", [SILENT]);
}

function unavailable(cause?: unknown): GatewayError {
  return new GatewayError("store_unavailable", "The budget cannot be checked right now. Try again shortly.", {
    cause,
    retryAfterSeconds: 1,
  });
}

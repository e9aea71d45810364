import { randomUUID } from "node:crypto";
import type { LedgerRow } from "@/server/state/ledger-write";
import type { Api } from "@/tests/api/support";

/** A process that leased nothing: what its calls cost is spent all the same. */
const NOBODY = "00000000-0000-4000-8000-000000000000";

/** Writes a finished call as the gateway does; gives its id and when it began. */
export async function written(row: Partial<LedgerRow>): Promise<{ id: string; startedAt: Date }> {
  const id = randomUUID();
  const startedAt = new Date();
  const whole: LedgerRow = {
    id,
    started_at: startedAt.toISOString(),
    request_id: `req_${id}`,
    operation: "chat",
    dialect: "chat",
    status: 200,
    duration_ms: 10,
    model: "priced",
    provider_name: "vendor",
    ...row,
  };
  // Only now: the environment is read with the first module of the server.
  const { writeRows } = await import("@/server/state/ledger-write");
  await writeRows([JSON.stringify(whole)], NOBODY);
  return { id, startedAt: new Date(whole.started_at) };
}

/** The purse of a budget's window, made as a lease would make it. */
export async function purseOf(api: Api, budgetId: string, startsAt: Date): Promise<string> {
  const { rows } = await api.sql.query<{ id: string }>("SELECT conduit_purse($1, NULL, $2) AS id", [
    budgetId,
    startsAt,
  ]);
  return rows[0]?.id ?? "";
}

/** The purse of a group's balance. */
export async function balancePurse(api: Api, groupId: string): Promise<string> {
  const { rows } = await api.sql.query<{ id: string }>("SELECT conduit_purse(NULL, $1, $2) AS id", [
    groupId,
    new Date(0),
  ]);
  return rows[0]?.id ?? "";
}

import { query } from "@/server/db/sql";

type CallerBudget = {
  readonly id: string;
  readonly owner: "key" | "group";
  readonly period: string;
  readonly limitNano: bigint;
};

/** Who calls: a virtual key and its group. */
export type Caller = {
  readonly keyId: string;
  readonly keyName: string;
  readonly groupId: string | null;
  readonly groupName: string | null;
  readonly groupEnabled: boolean;
  readonly enabled: boolean;
  readonly expiresAtMs: number | null;
  /** Patterns of model names; `*` at the end matches any rest. */
  readonly models: readonly string[];
  readonly limits: { readonly rpm: number | null; readonly tpm: number | null; readonly concurrent: number | null };
  readonly budgets: readonly CallerBudget[];
  readonly groupBalanceNano: bigint | null;
  readonly tags: readonly string[];
};

/** Callers by the hash of their key. */
export function readCallersByHash(hashes: readonly string[]): Promise<Map<string, Caller>> {
  return read("k.hash = ANY($1)", hashes);
}

/** Callers, by the hash of their key, of keys given by id. */
export function readCallersById(ids: readonly string[]): Promise<Map<string, Caller>> {
  return read("k.id = ANY($1::uuid[])", ids);
}

type Row = {
  hash: string;
  id: string;
  name: string;
  models: string[];
  enabled: boolean;
  expires_at: Date | null;
  rpm: number | null;
  tpm: number | null;
  concurrent: number | null;
  tags: string[];
  group_id: string | null;
  group_name: string | null;
  group_enabled: boolean | null;
  balance_nano: string | null;
  budgets: { id: string; owner: "key" | "group"; period: string; limit: string }[] | null;
};

async function read(
  condition: "k.hash = ANY($1)" | "k.id = ANY($1::uuid[])",
  values: readonly string[],
): Promise<Map<string, Caller>> {
  const rows = await query<Row>(
    `SELECT k.hash, k.id, k.name, k.models, k.enabled, k.expires_at, k.rpm, k.tpm, k.concurrent, k.tags,
            g.id AS group_id, g.name AS group_name, g.enabled AS group_enabled, g.balance_nano,
            (SELECT json_agg(json_build_object('id', b.id, 'period', b.period, 'limit', b.limit_nano::text,
                    'owner', CASE WHEN b.key_id IS NULL THEN 'group' ELSE 'key' END) ORDER BY b.key_id IS NULL, b.period)
               FROM budget b WHERE b.key_id = k.id OR b.group_id = g.id) AS budgets
       FROM virtual_key k LEFT JOIN key_group g ON g.id = k.group_id WHERE ${condition}`,
    [values],
  );
  return new Map(rows.map((row) => [row.hash, toCaller(row)]));
}

function toCaller(row: Row): Caller {
  return {
    keyId: row.id,
    keyName: row.name,
    groupId: row.group_id,
    groupName: row.group_name,
    groupEnabled: row.group_enabled ?? true,
    enabled: row.enabled,
    expiresAtMs: row.expires_at?.getTime() ?? null,
    models: row.models,
    limits: { rpm: row.rpm, tpm: row.tpm, concurrent: row.concurrent },
    budgets: (row.budgets ?? []).map(({ id, owner, period, limit }) => ({
      id,
      owner,
      period,
      limitNano: BigInt(limit),
    })),
    groupBalanceNano: row.balance_nano === null ? null : BigInt(row.balance_nano),
    tags: row.tags,
  };
}

import { query } from "@/server/db/sql";
import type { Period } from "@/server/state/budget-window";
import { type Limits, limitKinds, type ModelLimits, readLimits, readModelLimits } from "@/server/state/limits-kinds";

/** A budget of the key or its group. */
export type CallerBudget = Period & {
  readonly id: string;
  readonly name: string;
  readonly owner: "key" | "group";
  /** With a temporary increase that holds. */
  readonly limitNano: bigint;
  /** Patterns of the models that it covers; empty = all. */
  readonly models: readonly string[];
  /** It alerts and refuses nothing. */
  readonly soft: boolean;
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
  /** The key's own. */
  readonly limits: Limits;
  /** The key's for some models. */
  readonly modelLimits: readonly ModelLimits[];
  /** Of all keys of the group together. */
  readonly groupLimits: Limits;
  readonly budgets: readonly CallerBudget[];
  readonly groupBalanceNano: bigint | null;
  readonly tags: readonly string[];
  /** Whether answers are kept for identical requests. */
  readonly cache: boolean;
  /** Refuse a call of which something would be lost on its way to the provider. */
  readonly strict: boolean;
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
  limits: unknown;
  model_limits: unknown;
  group_limits: unknown;
  tags: string[];
  cache: boolean;
  strict: boolean;
  group_id: string | null;
  group_name: string | null;
  group_enabled: boolean | null;
  balance_nano: string | null;
  budgets: BudgetRow[] | null;
};

type BudgetRow = Omit<CallerBudget, "limitNano" | "resetAtMs"> & {
  readonly limit: string;
  readonly resetAt: string | null;
};

async function read(
  condition: "k.hash = ANY($1)" | "k.id = ANY($1::uuid[])",
  values: readonly string[],
): Promise<Map<string, Caller>> {
  const rows = await query<Row>(
    `SELECT k.hash, k.id, k.name, k.models, k.enabled, k.expires_at, k.tags, k.cache, k.strict, k.model_limits,
            ${limitsOf("k")} AS limits, ${limitsOf("g")} AS group_limits,
            g.id AS group_id, g.name AS group_name, g.enabled AS group_enabled, g.balance_nano,
            (SELECT json_agg(json_build_object('id', b.id, 'name', b.name, 'period', b.period, 'hours', b.hours,
                    'timeZone', b.time_zone, 'models', b.models, 'soft', b.soft, 'resetAt', b.reset_at,
                    'limit', (b.limit_nano + CASE WHEN b.increase_until > now() THEN b.increase_nano ELSE 0 END)::text,
                    'owner', CASE WHEN b.key_id IS NULL THEN 'group' ELSE 'key' END) ORDER BY b.key_id IS NULL, b.period)
               FROM budget b WHERE b.key_id = k.id OR b.group_id = g.id) AS budgets
       FROM virtual_key k LEFT JOIN key_group g ON g.id = k.group_id WHERE ${condition}`,
    [values],
  );
  return new Map(rows.map((row) => [row.hash, toCaller(row)]));
}

function limitsOf(table: "k" | "g"): string {
  return `json_build_object(${limitKinds.map((kind) => `'${kind}', ${table}.${kind}`).join(", ")})`;
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
    limits: readLimits(row.limits),
    modelLimits: readModelLimits(row.model_limits, row.id),
    groupLimits: readLimits(row.group_limits),
    budgets: (row.budgets ?? []).map(({ limit, resetAt, ...budget }) => ({
      ...budget,
      limitNano: BigInt(limit),
      resetAtMs: resetAt === null ? null : Date.parse(resetAt),
    })),
    groupBalanceNano: row.balance_nano === null ? null : BigInt(row.balance_nano),
    tags: row.tags,
    cache: row.cache,
    strict: row.strict,
  };
}

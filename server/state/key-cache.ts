import { query } from "@/server/db/sql";
import { GatewayError } from "@/server/errors";
import { log } from "@/server/log";
import { singleton } from "@/server/singleton";

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

/** How long the absence of a key is believed. */
const ABSENT_MS = 30_000;
const MAX_ENTRIES = 20_000;

type Entry = { readonly caller: Caller | null; readonly readAtMs: number };

const held = singleton("key-cache", () => ({
  byHash: new Map<string, Entry>(),
  reading: new Map<string, Promise<Caller | null>>(),
}));

/** The caller of a key that memory holds; null = known not to exist, undefined = must be looked up. */
export function cachedCaller(hash: string, nowMs: number): Caller | null | undefined {
  const entry = held.byHash.get(hash);
  if (!entry) return undefined;
  if (entry.caller === null && nowMs - entry.readAtMs > ABSENT_MS) return undefined;
  return entry.caller;
}

/** Reads a key from the database, once however many calls wait for it. Throws `store_unavailable` when that fails. */
export function lookUpCaller(hash: string): Promise<Caller | null> {
  let reading = held.reading.get(hash);
  if (!reading) {
    reading = readCallers("k.hash = ANY($1)", [hash])
      .then((found) => {
        const caller = found.get(hash) ?? null;
        remember(hash, caller);
        return caller;
      })
      .catch((cause: unknown) => {
        throw new GatewayError("store_unavailable", "The key cannot be checked right now. Try again shortly.", {
          cause,
        });
      })
      .finally(() => held.reading.delete(hash));
    held.reading.set(hash, reading);
  }
  return reading;
}

/** The caller of a key by its id, read from the database; null when there is none. */
export async function callerById(keyId: string): Promise<Caller | null> {
  const found = await readCallers("k.id = ANY($1::uuid[])", [keyId]);
  return found.values().next().value ?? null;
}

/** Reads every key that memory holds again, and forgets absences. Known keys stay as they are when the database is away. */
export async function refreshKeys(): Promise<void> {
  const known: string[] = [];
  for (const [hash, entry] of held.byHash) {
    if (entry.caller) known.push(hash);
    else held.byHash.delete(hash);
  }
  if (known.length === 0) return;
  const found = await readCallers("k.hash = ANY($1)", known);
  for (const hash of known) remember(hash, found.get(hash) ?? null);
  log.debug({ keys: known.length }, "Keys were read again.");
}

function remember(hash: string, caller: Caller | null): void {
  held.byHash.delete(hash);
  held.byHash.set(hash, { caller, readAtMs: Date.now() });
  if (held.byHash.size <= MAX_ENTRIES) return;
  // Maps keep insertion order: the first is the one not read for longest.
  for (const oldest of held.byHash.keys()) {
    held.byHash.delete(oldest);
    break;
  }
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

async function readCallers(
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

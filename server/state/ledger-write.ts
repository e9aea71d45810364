import pg from "pg";
import { pool } from "@/server/db/sql";
import { log } from "@/server/log";
import { singleton } from "@/server/singleton";
import type { LedgerBatch } from "@/server/state/ledger-batch";
import { namePurses, type Unnamed } from "@/server/state/ledger-purses";

/** One finished call, as it is written. Names are the table's columns; what is left out has the column's default. */
export type LedgerRow = {
  id: string;
  /** ISO 8601. */
  started_at: string;
  request_id: string;
  key_id?: string | null | undefined;
  key_name?: string | null | undefined;
  group_id?: string | null | undefined;
  group_name?: string | null | undefined;
  model?: string | null | undefined;
  deployment_id?: string | null | undefined;
  provider_id?: string | null | undefined;
  provider_name?: string | null | undefined;
  provider_key_name?: string | null | undefined;
  upstream_model?: string | null | undefined;
  operation: string;
  dialect: string;
  stream?: boolean | undefined;
  status: number;
  error_kind?: string | null | undefined;
  error_message?: string | null | undefined;
  finish_reason?: string | null | undefined;
  attempts?: number | undefined;
  input_tokens?: number | undefined;
  cached_input_tokens?: number | undefined;
  cache_write_tokens?: number | undefined;
  cache_write_1h_tokens?: number | undefined;
  output_tokens?: number | undefined;
  reasoning_tokens?: number | undefined;
  audio_input_tokens?: number | undefined;
  audio_output_tokens?: number | undefined;
  estimated?: boolean | undefined;
  /** Decimal digits of nano-dollars; null = unpriced. */
  cost_nano?: string | null | undefined;
  price_id?: string | null | undefined;
  first_token_ms?: number | null | undefined;
  duration_ms: number;
  client_ip?: string | null | undefined;
  user_agent?: string | null | undefined;
  tags?: readonly string[] | undefined;
  dropped?: readonly string[] | undefined;
  /** Ids of the purses that the cost is spent from. */
  purses?: readonly string[] | undefined;
  /** What was used beside tokens, by unit. */
  units?: Readonly<Record<string, number | string | boolean>> | undefined;
  /** Attempts in order. */
  trace?: readonly object[] | undefined;
  /** Decimal digits of nano-dollars: what an answer from the cache would have cost. */
  saved_nano?: string | undefined;
  /** Purses beside those of `purses` whose ids are still to be asked for; no column. */
  unnamed?: readonly Unnamed[] | undefined;
};

/** A purse that a batch has brought to a share of its limit which is to be told. */
export type Crossed = { readonly purseId: string; readonly percent: number };

/** check_violation, which PostgreSQL raises for a row that no partition takes. */
const NO_PARTITION = "23514";

const days = singleton("ledger-days", () => new Set<string>());

/** Writes the rows of a batch as `writeRows` does. */
export async function writeBatch(batch: LedgerBatch, instance: string): Promise<Crossed[]> {
  if (batch.unnamed) return writeRows(batch.texts(), instance);
  try {
    await ensurePartitions(batch.days);
    return await writeJson(batch.json(), instance);
  } catch (error) {
    if (!isAboutData(error)) throw error;
    return writeRows(batch.texts(), instance);
  }
}

/**
 * Writes rows, each the JSON text of a LedgerRow, with their sums; rows that are there already change nothing. One row that the
 * database refuses as data must not hold up all others for ever: the batch is halved until that row is alone, and it goes to the
 * log instead. `instance` is the process whose leases they spend. Throws when the database is away.
 */
export async function writeRows(batch: readonly string[], instance: string): Promise<Crossed[]> {
  try {
    return await write(batch, instance);
  } catch (error) {
    if (!isAboutData(error)) throw error;
    if (batch.length === 1) {
      log.fatal({ err: error, row: batch[0] }, "The database refuses this ledger row; it is kept only here.");
      return [];
    }
    const middle = Math.ceil(batch.length / 2);
    return [
      ...(await writeRows(batch.slice(0, middle), instance)),
      ...(await writeRows(batch.slice(middle), instance)),
    ];
  }
}

async function write(batch: readonly string[], instance: string): Promise<Crossed[]> {
  await ensurePartitions(new Set(batch.map(dayOf)));
  return writeJson(Buffer.from(`[${(await namePurses(batch)).join(",")}]`), instance);
}

async function ensurePartitions(of: ReadonlySet<string>): Promise<void> {
  for (const day of of) {
    if (days.has(day)) continue;
    await pool().query("SELECT conduit_ensure_call_partition($1::date)", [day]);
    days.add(day);
  }
}

/** Bytes go to the database as they are. */
async function writeJson(json: Buffer, instance: string): Promise<Crossed[]> {
  const values = [json, instance];
  const { rows } = await pool().query<{ id: string; percent: number }>({ name: "ledger-write", text: WRITE, values });
  return rows.map(({ id, percent }) => ({ purseId: id, percent }));
}

/** Whether the database refuses rows as data, so that they are worth a try one by one. */
function isAboutData(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError) || !/^(22|23)/.test(error.code ?? "")) return false;
  // A partition that was there is gone (dropped by hand, or another server took over): the next try makes it again.
  if (error.code === NO_PARTITION) days.clear();
  return error.code !== NO_PARTITION;
}

const STARTED_AT = '"started_at":"';

/** The UTC day of a row's text. Inside a text of the caller's the quotes would be escaped. */
function dayOf(row: string): string {
  const at = row.indexOf(STARTED_AT) + STARTED_AT.length;
  return row.slice(at, at + 10);
}

type Column = Exclude<keyof LedgerRow, "unnamed">;

const COLUMNS: Record<Column, string> = {
  id: "uuid",
  started_at: "timestamptz",
  request_id: "text",
  key_id: "uuid",
  key_name: "text",
  group_id: "uuid",
  group_name: "text",
  model: "text",
  deployment_id: "uuid",
  provider_id: "uuid",
  provider_name: "text",
  provider_key_name: "text",
  upstream_model: "text",
  operation: "text",
  dialect: "text",
  stream: "boolean",
  status: "integer",
  error_kind: "text",
  error_message: "text",
  finish_reason: "text",
  attempts: "integer",
  input_tokens: "bigint",
  cached_input_tokens: "bigint",
  cache_write_tokens: "bigint",
  cache_write_1h_tokens: "bigint",
  output_tokens: "bigint",
  reasoning_tokens: "bigint",
  audio_input_tokens: "bigint",
  audio_output_tokens: "bigint",
  estimated: "boolean",
  cost_nano: "bigint",
  price_id: "uuid",
  first_token_ms: "integer",
  duration_ms: "integer",
  client_ip: "text",
  user_agent: "text",
  tags: "text[]",
  dropped: "text[]",
  purses: "uuid[]",
  units: "jsonb",
  trace: "jsonb",
  saved_nano: "bigint",
};
const names = Object.keys(COLUMNS).join(", ");

/** What a column holds where a row leaves it out; all others hold null. */
const DEFAULTS: Partial<Record<Column, string>> = {
  stream: "false",
  attempts: "0",
  input_tokens: "0",
  cached_input_tokens: "0",
  cache_write_tokens: "0",
  cache_write_1h_tokens: "0",
  output_tokens: "0",
  reasoning_tokens: "0",
  audio_input_tokens: "0",
  audio_output_tokens: "0",
  estimated: "false",
  tags: "'{}'",
  dropped: "'{}'",
  purses: "'{}'",
};
const written = Object.entries({ ...COLUMNS, ...DEFAULTS })
  .map(([name, value]) => (name in DEFAULTS ? `coalesce(${name}, ${value})` : name))
  .join(", ");

/** A budget's limit with a temporary increase that holds. */
export const BUDGET_LIMIT =
  "(budget.limit_nano + CASE WHEN budget.increase_until > now() THEN budget.increase_nano ELSE 0 END)";

/** What was spent in the hours of a rolling window before the one that is spent from, and what was told of them. */
export const earlierHours = (spent: "spent" | "moved"): string => `
  SELECT sum(purse.spent_nano)::bigint AS spent_nano, max(purse.alerted) AS alerted FROM purse
   WHERE budget.period = 'hours' AND purse.budget_id = ${spent}.budget_id AND purse.starts_at < ${spent}.starts_at
     AND purse.starts_at >= greatest(date_trunc('hour', ${spent}.starts_at, 'UTC') - make_interval(hours => budget.hours - 1),
                                     coalesce(budget.reset_at, '-infinity'))`;

/**
 * One statement, so rows, sums, budgets and the keys' last use change together; a row that is there already counts nothing. What
 * was leased becomes what is spent, unless the lease was ended meanwhile. Gives the purses that reached a share to be told.
 */
const WRITE = `
WITH added AS (
  INSERT INTO call (${names})
  SELECT ${written} FROM json_to_recordset($1::json) AS given(${Object.entries(COLUMNS)
    .map(([name, type]) => `${name} ${type}`)
    .join(", ")})
  ON CONFLICT (started_at, id) DO NOTHING
  RETURNING *
), summed AS (
  INSERT INTO call_rollup AS rollup
    (hour, key_id, model, provider_name, calls, errors, unpriced, input_tokens, output_tokens, cost_nano, duration_ms, first_token_ms, first_tokens)
  SELECT date_trunc('hour', started_at, 'UTC') AS hour, coalesce(key_id::text, '') AS key, coalesce(model, '') AS model,
         coalesce(provider_name, '') AS provider, count(*), count(*) FILTER (WHERE status >= 400),
         count(*) FILTER (WHERE cost_nano IS NULL),
         sum(input_tokens + cached_input_tokens + cache_write_tokens + cache_write_1h_tokens + audio_input_tokens),
         sum(output_tokens + reasoning_tokens + audio_output_tokens), coalesce(sum(cost_nano), 0), sum(duration_ms),
         coalesce(sum(first_token_ms), 0), count(first_token_ms)
    FROM added GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
  ON CONFLICT (hour, key_id, model, provider_name) DO UPDATE SET
    calls = rollup.calls + excluded.calls, errors = rollup.errors + excluded.errors,
    unpriced = rollup.unpriced + excluded.unpriced,
    input_tokens = rollup.input_tokens + excluded.input_tokens,
    output_tokens = rollup.output_tokens + excluded.output_tokens,
    cost_nano = rollup.cost_nano + excluded.cost_nano, duration_ms = rollup.duration_ms + excluded.duration_ms,
    first_token_ms = rollup.first_token_ms + excluded.first_token_ms, first_tokens = rollup.first_tokens + excluded.first_tokens
), costs AS (
  SELECT purse_id, sum(cost_nano) AS cost FROM added, unnest(purses) AS purse_id WHERE cost_nano > 0 GROUP BY purse_id ORDER BY purse_id
), leased AS (
  UPDATE lease SET granted_nano = lease.granted_nano - costs.cost, renewed_at = now()
    FROM costs WHERE lease.purse_id = costs.purse_id AND lease.instance = $2 RETURNING lease.purse_id
), spent AS (
  UPDATE purse SET spent_nano = purse.spent_nano + costs.cost,
                   leased_nano = purse.leased_nano - CASE WHEN purse.id IN (SELECT purse_id FROM leased) THEN costs.cost ELSE 0 END
    FROM costs WHERE purse.id = costs.purse_id RETURNING purse.*
), used AS (
  UPDATE virtual_key SET last_used_at = used.at
    FROM (SELECT key_id, max(started_at) AS at FROM added WHERE key_id IS NOT NULL GROUP BY key_id) AS used
   WHERE virtual_key.id = used.key_id AND (virtual_key.last_used_at IS NULL OR virtual_key.last_used_at < used.at)
), shares AS (
  SELECT spent.id, greatest(spent.alerted, coalesce(before.alerted, 0)) AS alerted,
         (spent.spent_nano + coalesce(before.spent_nano, 0)) * 100
           / nullif(coalesce(${BUDGET_LIMIT}, key_group.balance_nano), 0) AS share
    FROM spent LEFT JOIN budget ON budget.id = spent.budget_id LEFT JOIN key_group ON key_group.id = spent.group_id
    LEFT JOIN LATERAL (${earlierHours("spent")}) AS before ON true
)
SELECT id, reached.percent FROM shares
  CROSS JOIN LATERAL (SELECT max(step) AS percent FROM unnest(ARRAY[50, 80, 90, 100]) AS step WHERE step <= shares.share) AS reached
 WHERE reached.percent > shares.alerted`;

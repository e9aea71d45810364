import type { z } from "zod";
import type { OverviewInput } from "@/server/api/overview.schema";
import { Prisma } from "@/server/db/generated/client";
import { prisma } from "@/server/db/prisma";

type Range = z.infer<typeof OverviewInput>["range"];

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const TOP = 8;

/** How a range is cut into bars. */
const steps: Record<Range, { stepMs: number; count: number }> = {
  "1h": { stepMs: MINUTE_MS, count: 60 },
  "24h": { stepMs: HOUR_MS, count: 24 },
  "7d": { stepMs: 6 * HOUR_MS, count: 28 },
  "30d": { stepMs: 24 * HOUR_MS, count: 30 },
};

/** A stretch of time, cut into `count` bars of `stepMs`. */
type Window = { fromMs: number; stepMs: number; count: number; source: Prisma.Sql };

/** The calls of one bar, counted from the window's beginning. Tokens of all classes, in two sums. */
export type Bar = {
  index: number;
  calls: bigint;
  errors: bigint;
  unpriced: bigint;
  inputTokens: bigint;
  outputTokens: bigint;
  costNano: bigint;
  durationMs: bigint;
  firstTokenMs: bigint;
  firstTokens: bigint;
};

/** The range that ends with the present minute or hour, and the range of equal length before it. */
export function windowOf(range: Range, nowMs: number): { now: Window; before: Window } {
  const { stepMs, count } = steps[range];
  // Hours are the finest that the rollup has; days would end at midnight UTC and hide today or yesterday.
  const endMs = Math.ceil(nowMs / Math.min(stepMs, HOUR_MS)) * Math.min(stepMs, HOUR_MS);
  const fromMs = endMs - stepMs * count;
  const source = range === "1h" ? ledger : rollup;
  return {
    now: { fromMs, stepMs, count, source },
    before: { fromMs: fromMs - stepMs * count, stepMs, count, source },
  };
}

/** The bars of a window that have calls. */
export function barsOf({ fromMs, stepMs, ...window }: Window): Promise<Bar[]> {
  return prisma().$queryRaw<Bar[]>`
    SELECT floor((extract(epoch FROM at) * 1000 - ${BigInt(fromMs)}) / ${BigInt(stepMs)})::int AS "index",
           sum(calls)::bigint AS "calls", sum(errors)::bigint AS "errors", sum(unpriced)::bigint AS "unpriced",
           sum(input_tokens)::bigint AS "inputTokens", sum(output_tokens)::bigint AS "outputTokens",
           sum(cost_nano)::bigint AS "costNano", sum(duration_ms)::bigint AS "durationMs",
           sum(first_token_ms)::bigint AS "firstTokenMs", sum(first_tokens)::bigint AS "firstTokens"
      FROM (${window.source}) AS source
     WHERE ${within({ fromMs, stepMs, ...window })}
     GROUP BY 1 ORDER BY 1`;
}

/** The models or keys of a window that cost most, then those that were called most; calls without one are left out. */
export function topOf(
  window: Window,
  column: "model" | "key_id",
): Promise<{ name: string; calls: bigint; unpriced: bigint; costNano: bigint }[]> {
  const name = column === "model" ? Prisma.sql`model` : Prisma.sql`key_id`;
  return prisma().$queryRaw`
    SELECT ${name} AS "name", sum(calls)::bigint AS "calls", sum(unpriced)::bigint AS "unpriced",
           sum(cost_nano)::bigint AS "costNano"
      FROM (${window.source}) AS source
     WHERE ${within(window)} AND ${name} <> ''
     GROUP BY 1 ORDER BY 4 DESC, 2 DESC, 1 LIMIT ${TOP}`;
}

/** Puts names to the ids of keys; a deleted key has the one that its last call was made under. */
export async function nameKeys<Row extends { name: string }>(
  rows: readonly Row[],
): Promise<(Row & { keyId: string })[]> {
  const ids = rows.map((row) => row.name);
  const kept = await prisma().virtualKey.findMany({ where: { id: { in: ids } }, select: { id: true, name: true } });
  const names = new Map(kept.map((key) => [key.id, key.name]));
  return Promise.all(
    rows.map(async (row) => ({ ...row, keyId: row.name, name: names.get(row.name) ?? (await lastName(row.name)) })),
  );
}

async function lastName(keyId: string): Promise<string> {
  const where = { keyId, startedAt: { gte: new Date(Date.now() - 61 * 24 * HOUR_MS) } };
  const call = await prisma().call.findFirst({ where, select: { keyName: true }, orderBy: { startedAt: "desc" } });
  return call?.keyName ?? "deleted key";
}

function within({ fromMs, stepMs, count }: Window): Prisma.Sql {
  return Prisma.sql`at >= ${new Date(fromMs)} AND at < ${new Date(fromMs + stepMs * count)}`;
}

const rollup = Prisma.sql`
  SELECT hour AS at, model, key_id, calls, errors, unpriced, input_tokens, output_tokens, cost_nano, duration_ms,
         first_token_ms, first_tokens
    FROM call_rollup`;

/** The ledger in the rollup's columns; what counts as an error or as unpriced is what server/state/ledger.ts sums. */
const ledger = Prisma.sql`
  SELECT started_at AS at, coalesce(model, '') AS model, coalesce(key_id::text, '') AS key_id, 1 AS calls,
         (status >= 400)::int AS errors, (cost_nano IS NULL)::int AS unpriced,
         input_tokens + cached_input_tokens + cache_write_tokens + cache_write_1h_tokens + audio_input_tokens AS input_tokens,
         output_tokens + reasoning_tokens + audio_output_tokens AS output_tokens, coalesce(cost_nano, 0) AS cost_nano,
         duration_ms, coalesce(first_token_ms, 0) AS first_token_ms, (first_token_ms IS NOT NULL)::int AS first_tokens
    FROM call`;

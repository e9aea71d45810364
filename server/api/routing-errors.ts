import { z } from "zod";
import { change } from "@/server/api/change";
import { badInput } from "@/server/api/errors";
import { ErrorClearance, ErrorFilter, ErrorGroup, ErrorsCleared } from "@/server/api/routing.schema";
import { adminProcedure, rest } from "@/server/api/trpc";
import { prisma } from "@/server/db/prisma";
import { query } from "@/server/db/sql";

const DAY_MS = 24 * 60 * 60 * 1000;
const MAX_GROUPS = 1_000;
const SETTING = "routing:errors-cleared";
const ALL = "*";

/** From when on errors are shown, by provider's name; `*` stands for all of them. ISO 8601. */
const Cleared = z.record(z.string(), z.string());

type Row = {
  provider: string;
  key: string | null;
  kind: string;
  hour: Date;
  count: string;
  last_at: Date;
  last_status: number | null;
  last_message: string | null;
  upstream_models: string[];
};

/** Attempts that failed at a provider, grouped; newest hour first. */
export const providerErrors = adminProcedure
  .meta(rest("GET", "/routing/errors", "Group the failed attempts at providers by provider, key, kind and hour."))
  .input(ErrorFilter)
  .output(z.array(ErrorGroup))
  .query(async ({ input }) => {
    const to = input.to ?? new Date();
    const from = input.from ?? new Date(to.getTime() - DAY_MS);
    if (from > to) throw badInput("The beginning is after the end.", "from");
    const rows = await query<Row>(
      `SELECT attempt->>'provider' AS provider, attempt->>'key' AS key, attempt->>'error' AS kind,
              date_trunc('hour', started_at, 'UTC') AS hour, count(*)::text AS count, max(started_at) AS last_at,
              (array_agg((attempt->>'status')::int ORDER BY started_at DESC))[1] AS last_status,
              (array_agg(attempt->>'message' ORDER BY started_at DESC))[1] AS last_message,
              array_agg(DISTINCT attempt->>'upstream_model') AS upstream_models
         FROM call CROSS JOIN LATERAL jsonb_array_elements(trace) AS attempt
        WHERE started_at >= $1 AND started_at <= $2 AND trace IS NOT NULL
          AND attempt->>'error' LIKE 'upstream\\_%'
          AND ($3::text IS NULL OR attempt->>'provider' = $3)
          AND started_at > coalesce((SELECT max(mark.value::timestamptz) FROM jsonb_each_text($4::jsonb) AS mark
                WHERE mark.key IN ('${ALL}', attempt->>'provider')), '-infinity')
        GROUP BY 1, 2, 3, 4 ORDER BY hour DESC, count(*) DESC LIMIT ${MAX_GROUPS}`,
      [from, to, input.provider ?? null, JSON.stringify(await cleared(prisma()))],
    );
    return rows.map((row) => ({
      ...{ provider: row.provider, key: row.key, kind: row.kind, hour: row.hour, lastAt: row.last_at },
      ...{ lastStatus: row.last_status, lastMessage: row.last_message, upstreamModels: row.upstream_models },
      count: Number(row.count),
    }));
  });

/** Hides what failed before now. */
export const clearErrors = adminProcedure
  .meta(rest("POST", "/routing/errors/clear", "Hide the errors of a provider until now; null hides those of all."))
  .input(ErrorClearance)
  .output(ErrorsCleared)
  .mutation(({ ctx, input: { provider } }) =>
    change(ctx, async (tx, note) => {
      const before = new Date();
      const marks = provider === null ? {} : await cleared(tx);
      const value = { ...marks, [provider ?? ALL]: before.toISOString() };
      await tx.setting.upsert({ where: { name: SETTING }, create: { name: SETTING, value }, update: { value } });
      await note({ action: "delete", noun: "provider-errors", detail: { provider } });
      return { provider, before };
    }),
  );

async function cleared(db: Pick<ReturnType<typeof prisma>, "setting">): Promise<Record<string, string>> {
  const row = await db.setting.findUnique({ where: { name: SETTING } });
  return Cleared.catch({}).parse(row?.value ?? {});
}

import { type Run, runInTransaction } from "@/server/db/run";
import { costOf, type NanoUsd } from "@/server/money";
import { ADJUSTING, type Adjustment, postAdjustments } from "@/server/state/adjustments";
import { attemptsOf, usageOfLast } from "@/server/state/billed-attempts";
import { priceOfRow, type UsageRow, usageColumns, usageOfRow, usedNothing } from "@/server/state/call-rows";

export type Rerating = {
  readonly from: Date;
  /** Not included. */
  readonly to: Date;
  /** As callers wrote it; left out: all. */
  readonly model?: string | undefined;
  /** Only tells what would change. */
  readonly dryRun: boolean;
  readonly reason: string;
  readonly actor: string;
};

/** `deltaNano` is what the calls cost more than before. */
export type Rerated = {
  readonly calls: number;
  readonly changed: number;
  readonly deltaNano: NanoUsd;
  /** Refunded calls, which stay as they are. */
  readonly refunded: number;
  /** Calls that still have no price. */
  readonly unpriced: number;
  readonly models: readonly { readonly model: string; readonly changed: number; readonly deltaNano: NanoUsd }[];
};

const BATCH = 500;

/**
 * Works out what calls cost under the prices that are stored now as effective when they were made, and writes the differences as
 * adjustments, a batch of calls with its rollups and budgets in one transaction each. Done again it changes nothing; broken off it
 * can be done again. Throws when the database is away.
 */
export async function rerate(rerating: Rerating): Promise<Rerated> {
  const sum = { calls: 0, changed: 0, deltaNano: 0n, refunded: 0, unpriced: 0 };
  const models = new Map<string, { changed: number; deltaNano: NanoUsd }>();
  let place: Place | undefined = { at: rerating.from.toISOString(), id: "00000000-0000-0000-0000-000000000000" };
  while (place) {
    const from: Place = place;
    const batch = await runInTransaction((run) => rerateBatch(run, rerating, from), ADJUSTING);
    for (const outcome of batch.outcomes) {
      sum.calls++;
      if (outcome.kind === "refunded") sum.refunded++;
      if (outcome.kind === "unpriced") sum.unpriced++;
      if (outcome.kind !== "changed") continue;
      sum.changed++;
      sum.deltaNano += outcome.adjustment.deltaNano;
      const model = models.get(outcome.model) ?? { changed: 0, deltaNano: 0n };
      models.set(outcome.model, {
        changed: model.changed + 1,
        deltaNano: model.deltaNano + outcome.adjustment.deltaNano,
      });
    }
    place = batch.next;
  }
  return { ...sum, models: [...models].map(([model, sums]) => ({ model, ...sums })) };
}

type Place = { readonly at: string; readonly id: string };

type Outcome =
  | { readonly kind: "same" | "refunded" | "unpriced" }
  | { readonly kind: "changed"; readonly model: string; readonly adjustment: Adjustment };

async function rerateBatch(
  run: Run,
  { to, model, dryRun, reason, actor }: Rerating,
  { at, id }: Place,
): Promise<{ outcomes: Outcome[]; next: Place | undefined }> {
  const rows = await run<Row>(READ, [at, id, to.toISOString(), model ?? null, BATCH]);
  const outcomes = rows.map(outcomeOf);
  if (!dryRun) {
    const adjustments = outcomes.flatMap((one) => (one.kind === "changed" ? [one.adjustment] : []));
    await postAdjustments(run, adjustments, { kind: "rerate", reason, actor });
  }
  const last = rows.at(-1);
  const next = last && rows.length === BATCH ? { at: last.started_at.toISOString(), id: last.id } : undefined;
  return { outcomes, next };
}

type Row = {
  id: string;
  started_at: Date;
  model: string | null;
  rerated: string | null;
  refunded: boolean;
  trace: unknown;
  price_id: string | null;
} & UsageRow;

/**
 * Calls to deployments with the price that holds for them now. Attempts before the last that a vendor billed keep their cost, and their
 * tokens do not count again.
 */
const READ = `
SELECT call.id, call.started_at, call.model, ${usageColumns},
       (SELECT sum(delta_nano)::text FROM adjustment WHERE call_id = call.id AND kind = 'rerate') AS rerated,
       EXISTS (SELECT FROM adjustment WHERE call_id = call.id AND kind = 'refund') AS refunded,
       call.trace, price.id AS price_id, price.rates
  FROM call LEFT JOIN LATERAL (
    SELECT id, rates FROM price WHERE deployment_id = call.deployment_id AND effective_from <= call.started_at ORDER BY version DESC LIMIT 1
  ) AS price ON true
 WHERE call.started_at >= $1::timestamptz AND (call.started_at, call.id) > ($1::timestamptz, $2::uuid) AND call.started_at < $3::timestamptz AND call.deployment_id IS NOT NULL
   AND call.saved_nano IS NULL AND ($4::text IS NULL OR call.model = $4)
 ORDER BY call.started_at, call.id LIMIT $5`;

function outcomeOf(row: Row): Outcome {
  if (row.refunded) return { kind: "refunded" };
  if (usedNothing(row)) return { kind: "same" };
  const { rates, units } = priceOfRow(row);
  if (!rates || row.price_id === null) return { kind: row.cost === null && row.rerated === null ? "unpriced" : "same" };
  const attempts = attemptsOf(row.trace);
  const extra = attempts.reduce((sum, { cost_nano = "0" }) => sum + BigInt(cost_nano), 0n);
  const cost = costOf(usageOfLast(usageOfRow(row, units), attempts), rates, units) + extra;
  const deltaNano = cost - BigInt(row.cost ?? 0) - BigInt(row.rerated ?? 0);
  const firstPrice = row.cost === null && row.rerated === null;
  if (deltaNano === 0n && !firstPrice) return { kind: "same" };
  return {
    kind: "changed",
    model: row.model ?? "",
    adjustment: { callId: row.id, callStartedAt: row.started_at, deltaNano, priceId: row.price_id, firstPrice },
  };
}

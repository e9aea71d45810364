import type { Run } from "@/server/db/run";
import { type CostLine, costLines, type NanoUsd } from "@/server/money";
import { attemptsOf, usageOfLast } from "@/server/state/billed-attempts";
import { priceOfRow, type UsageRow, usageColumns, usageOfRow, usedNothing } from "@/server/state/call-rows";

/** What a call cost, and why. */
export type Explained = {
  readonly id: string;
  readonly requestId: string;
  readonly startedAt: Date;
  readonly model: string | null;
  readonly providerName: string | null;
  readonly upstreamModel: string | null;
  /** Null: no price was known. */
  readonly costNano: NanoUsd | null;
  readonly price: { readonly id: string; readonly version: number; readonly source: string } | null;
  /** They add up to the cost; empty where there is none, or its price was deleted. */
  readonly lines: readonly CostLine[];
  readonly adjustments: readonly AdjustmentView[];
  /** With the adjustments. */
  readonly netNano: NanoUsd | null;
};

type AdjustmentView = {
  readonly id: string;
  readonly at: Date;
  readonly kind: string;
  readonly deltaNano: NanoUsd;
  readonly reason: string;
  readonly actor: string;
};

/** Which call: by its id or by the request id of its answer. With `startedAt` it is found at once. */
export type CallPlace = { readonly id: string; readonly startedAt?: Date | undefined } | { readonly requestId: string };

type Row = UsageRow & {
  id: string;
  request_id: string;
  started_at: Date;
  model: string | null;
  provider_name: string | null;
  upstream_model: string | null;
  trace: unknown;
  price_id: string | null;
  version: number | null;
  source: string | null;
};

/** A call's cost line by line; undefined when there is no such call. */
export async function explainCall(run: Run, place: CallPlace): Promise<Explained | undefined> {
  const byId = "id" in place;
  const [row] = await run<Row>(
    `SELECT call.id::text, call.request_id, call.started_at, call.model, call.provider_name, call.upstream_model, call.trace,
            ${usageColumns}, price.id::text AS price_id, price.version, price.source, price.rates
       FROM call LEFT JOIN price ON price.id = call.price_id
      WHERE ${byId ? "call.id = $1::uuid AND ($2::timestamptz IS NULL OR call.started_at = $2::timestamptz)" : "call.request_id = $1"}
      ORDER BY call.started_at DESC LIMIT 1`,
    byId ? [place.id, place.startedAt?.toISOString() ?? null] : [place.requestId],
  );
  if (!row) return undefined;
  const adjustments = await adjustmentsOf(run, row.id);
  const costNano = row.cost === null ? null : BigInt(row.cost);
  const rerated = adjustments.some(({ kind }) => kind === "rerate");
  const delta = adjustments.reduce((sum, { deltaNano }) => sum + deltaNano, 0n);
  return {
    id: row.id,
    requestId: row.request_id,
    startedAt: new Date(row.started_at),
    model: row.model,
    providerName: row.provider_name,
    upstreamModel: row.upstream_model,
    costNano,
    price: row.price_id === null ? null : { id: row.price_id, version: row.version ?? 0, source: row.source ?? "" },
    lines: costNano === null ? [] : linesOf(row, costNano),
    adjustments,
    netNano: costNano === null && !rerated ? null : (costNano ?? 0n) + delta,
  };
}

function linesOf(row: Row, costNano: NanoUsd): CostLine[] {
  const { rates, units } = priceOfRow(row);
  const attempts = attemptsOf(row.trace);
  const used = usageOfLast(usageOfRow(row, units), attempts);
  const lines = rates && !usedNothing(row) ? costLines(used, rates, units) : [];
  for (const { provider, upstream_model, cost_nano } of attempts) {
    if (cost_nano !== undefined) lines.push(fixedLine(`attempt ${provider}/${upstream_model}`, BigInt(cost_nano)));
  }
  const rest = costNano - lines.reduce((sum, { amountNano }) => sum + amountNano, 0n);
  // Without the price that it was billed at, only the sum is known.
  if (rest !== 0n) lines.push(fixedLine("not explained by a price", rest));
  return lines;
}

function fixedLine(what: string, amountNano: NanoUsd): CostLine {
  return { what, quantity: 1, per: 1, rateNano: Number(amountNano), permille: 1_000, amountNano };
}

async function adjustmentsOf(run: Run, callId: string): Promise<AdjustmentView[]> {
  const rows = await run<{ id: string; at: Date; kind: string; delta: string; reason: string; actor: string }>(
    `SELECT id::text, at, kind, delta_nano::text AS delta, reason, actor FROM adjustment WHERE call_id = $1::uuid ORDER BY at, id`,
    [callId],
  );
  return rows.map(({ delta, ...row }) => ({ ...row, at: new Date(row.at), deltaNano: BigInt(delta) }));
}

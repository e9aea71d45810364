import { isDeepStrictEqual } from "node:util";
import type { Run } from "@/server/db/run";
import { GatewayError } from "@/server/errors";
import { Rates } from "@/server/money";
import type { PriceEntry } from "@/server/state/price-file";
import { PRICES_LOCK } from "@/server/state/prices";

type Row = {
  deployment_id: string;
  model: string;
  provider: string;
  upstream_model: string;
  managed: boolean;
  version: number | null;
  effective_from: Date;
  source: string;
  rates: unknown;
};

/** Rates that cannot be read count as none, as they do in the catalog. */
const ReadableRates = Rates.catch({});

/** The stored prices, by deployment and version: those in force and to come, or with `all` every version there was. */
export async function storedPrices(run: Run, versions: "current" | "all"): Promise<PriceEntry[]> {
  const rows = await run<Row>(READ, []);
  const now = new Date();
  return [...Map.groupBy(rows, (row) => row.deployment_id).values()].flatMap((all) => {
    const priced = all.filter(({ version }) => version !== null);
    const first = versions === "all" ? 0 : priced.findLastIndex((row) => row.effective_from <= now);
    return priced.slice(Math.max(0, first)).map(entryOf);
  });
}

export type ImportedPrices = { readonly added: number; readonly unchanged: number };

/**
 * Stores prices that differ from those in force at their moment, each as an own price and a new version. All of them or, where one
 * names an unknown deployment, none. Must run in a database transaction. Throws `invalid_request` that lists every problem.
 */
export async function importPrices(run: Run, entries: readonly PriceEntry[]): Promise<ImportedPrices> {
  await run("SELECT pg_advisory_xact_lock(hashtext($1))::text", [PRICES_LOCK]);
  const stored = Map.groupBy(await run<Row>(READ, []), nameOf);
  const now = new Date();
  const problems: string[] = [];
  const added: { deploymentId: string; version: number; from: Date; rates: Rates }[] = [];
  const dated = entries.map((entry) => ({ ...entry, from: entry.effectiveFrom ?? now }));
  for (const entry of dated.sort((left, right) => left.from.getTime() - right.from.getTime())) {
    const rows = stored.get(nameOf({ ...entry, upstream_model: entry.upstreamModel }));
    const [deployment] = rows ?? [];
    if (!rows || !deployment) {
      problems.push(
        `There is no deployment of ${entry.upstreamModel} on ${entry.provider} for the model ${entry.model}.`,
      );
      continue;
    }
    if (isHeld(rows, entry)) continue;
    if (deployment.managed) {
      problems.push(`The price of ${entry.upstreamModel} on ${entry.provider} is managed by conduit.json.`);
      continue;
    }
    const { from, rates } = entry;
    const version = Math.max(0, ...rows.map((row) => row.version ?? 0)) + 1;
    added.push({ deploymentId: deployment.deployment_id, version, from, rates });
    rows.push({ ...deployment, version, effective_from: from, source: "own", rates });
  }
  if (problems.length > 0) throw new GatewayError("invalid_request", problems.join(" "), { param: "text" });
  for (const { deploymentId, version, from, rates } of added) {
    await run(
      `INSERT INTO price (id, deployment_id, version, effective_from, rates, source)
       VALUES (gen_random_uuid(), $1::uuid, $2::int, $3::timestamptz, $4::jsonb, 'own')`,
      [deploymentId, version, from.toISOString(), JSON.stringify(rates)],
    );
  }
  return { added: added.length, unchanged: entries.length - added.length };
}

const READ = `
SELECT d.id::text AS deployment_id, m.name AS model, p.name AS provider, d.upstream_model, d.managed,
       price.version, price.effective_from, price.source, price.rates
  FROM deployment d JOIN model m ON m.id = d.model_id JOIN provider p ON p.id = d.provider_id
  LEFT JOIN price ON price.deployment_id = d.id
 ORDER BY m.name, p.name, d.upstream_model, price.version`;

/** Whether a version says the same from the same moment, or the one in force then does. */
function isHeld(rows: readonly Row[], { from, rates }: { from: Date; rates: Rates }): boolean {
  const same = (row: Row | undefined): boolean =>
    row !== undefined && isDeepStrictEqual(ReadableRates.parse(row.rates), rates);
  const priced = rows.filter(({ version }) => version !== null);
  return (
    priced.some((row) => row.effective_from.getTime() === from.getTime() && same(row)) ||
    same(priced.findLast((row) => row.effective_from <= from))
  );
}

function nameOf({ model, provider, upstream_model }: Pick<Row, "model" | "provider" | "upstream_model">): string {
  return JSON.stringify([model, provider, upstream_model]);
}

function entryOf({ model, provider, upstream_model, effective_from, source, rates }: Row): PriceEntry {
  const parsed = ReadableRates.parse(rates);
  return { model, provider, upstreamModel: upstream_model, effectiveFrom: effective_from, source, rates: parsed };
}

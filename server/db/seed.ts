import { randomUUID } from "node:crypto";
import type { PoolClient } from "pg";
import { query, transaction } from "@/server/db/sql";
import { env } from "@/server/env";
import { log } from "@/server/log";
import { nanoFromUsd, type Rates } from "@/server/money";
import { describeVirtualKey } from "@/server/secret";
import { secrets } from "@/server/secrets";

/** The setting that says that the first start is over: what was deleted since is not made again. */
const SEEDED = "seeded";

/**
 * On the very first start of an installation: the demo model, so that a call works without a vendor account, and the
 * virtual key that start-up prints. A database that already has providers or models is left alone.
 */
export async function seedOnce(): Promise<void> {
  if (env.role === "gateway") return;
  if ((await query("SELECT 1 FROM setting WHERE name = $1", [SEEDED])).length > 0) return;
  await transaction(async (client) => {
    const first = await client.query(
      "INSERT INTO setting (name, value, updated_at) VALUES ($1, 'true', now()) ON CONFLICT (name) DO NOTHING",
      [SEEDED],
    );
    const { rows } = await client.query("SELECT 1 FROM provider UNION ALL SELECT 1 FROM model LIMIT 1");
    if (first.rowCount === 0 || rows.length > 0) return;
    await addDemo(client);
    await addFirstKey(client);
    log.info("Added the demo model for a first call.");
  }, "conduit_seed");
}

async function addDemo(client: PoolClient): Promise<void> {
  const [providerId, modelId, deploymentId] = [randomUUID(), randomUUID(), randomUUID()];
  // Priced, so that a first call shows what a cost looks like.
  const rates: Rates = { input: perMillion(0.1), output: perMillion(0.4) };
  await client.query("INSERT INTO provider (id, name, type, updated_at) VALUES ($1, 'demo', 'demo', now())", [
    providerId,
  ]);
  await client.query("INSERT INTO model (id, name, updated_at) VALUES ($1, 'demo', now())", [modelId]);
  await client.query(
    "INSERT INTO deployment (id, model_id, provider_id, upstream_model, updated_at) VALUES ($1, $2, $3, 'demo', now())",
    [deploymentId, modelId, providerId],
  );
  await client.query(
    "INSERT INTO price (id, deployment_id, version, effective_from, rates, source) VALUES ($1, $2, 1, now(), $3, 'own')",
    [randomUUID(), deploymentId, JSON.stringify(rates)],
  );
  await note(client, { noun: "provider", id: providerId, name: "demo" });
  await note(client, { noun: "model", id: modelId, name: "demo" });
}

async function addFirstKey(client: PoolClient): Promise<void> {
  const key = secrets().firstKey?.reveal();
  if (key === undefined) return;
  const id = randomUUID();
  const { hash, prefix, last4 } = describeVirtualKey(key);
  const added = await client.query(
    `INSERT INTO virtual_key (id, name, hash, prefix, last4, models, updated_at)
     VALUES ($1, 'first-key', $2, $3, $4, '{*}', now()) ON CONFLICT DO NOTHING`,
    [id, hash, prefix, last4],
  );
  if (added.rowCount === 1) await note(client, { noun: "virtual-key", id, name: "first-key" });
}

async function note(client: PoolClient, { noun, id, name }: { noun: string; id: string; name: string }): Promise<void> {
  await client.query(
    "INSERT INTO audit_entry (id, actor, action, noun, object_id, name) VALUES ($1, 'system', 'create', $2, $3, $4)",
    [randomUUID(), noun, id, name],
  );
}

function perMillion(usd: number): number {
  return Number(nanoFromUsd(usd));
}

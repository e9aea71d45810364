import { existsSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { startEmbedded } from "@/server/db/embedded";
import { type Run, runOn } from "@/server/db/run";
import { closeDatabase } from "@/server/db/sql";
import { databaseUrl, setDatabaseUrl } from "@/server/db/url";
import { env } from "@/server/env";

/** Does something with the installation's database, which is started for it where it does not run. */
export async function withDatabase<T>(work: () => Promise<T>): Promise<T> {
  const own = env.databaseUrl === undefined ? await ownDatabase() : undefined;
  if (own) setDatabaseUrl(own.url);
  try {
    return await work();
  } finally {
    await closeDatabase();
    await own?.stop();
  }
}

async function ownDatabase() {
  if (!existsSync(join(env.dataDir, "postgres", "PG_VERSION")))
    throw new Error(
      `There is no database in ${env.dataDir} yet. Set DATABASE_URL or CONDUIT_DATA_DIR to that of the server.`,
    );
  return startEmbedded(env.dataDir, { share: true });
}

/** Runs statements in one transaction that sees a single moment; it may take as long as it takes. */
export function inSnapshot<T>(work: (run: Run) => Promise<T>): Promise<T> {
  return inTransaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", work);
}

/** Runs statements in one transaction; a throw rolls it back. */
export function inChange<T>(work: (run: Run) => Promise<T>): Promise<T> {
  return inTransaction("BEGIN", work);
}

async function inTransaction<T>(begin: string, work: (run: Run) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl(), application_name: "conduit-cli" });
  await client.connect();
  try {
    await client.query(begin);
    const result = await work(runOn(client));
    await client.query("COMMIT");
    return result;
  } finally {
    // Without a commit the server rolls back.
    await client.end();
  }
}

/** Writes who changed what, as the admin API does. */
export async function audit(run: Run, entry: { action: string; noun: string; detail: object }): Promise<void> {
  await run(
    `INSERT INTO audit_entry (id, at, actor, action, noun, detail) VALUES (gen_random_uuid(), now(), 'cli', $1, $2, $3::jsonb)`,
    [entry.action, entry.noun, JSON.stringify(entry.detail)],
  );
}

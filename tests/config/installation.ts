import "@/tests/config/environment";

import { renameSync, rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll } from "vitest";
import { applyConfig } from "@/server/config/apply";
import type { Applied } from "@/server/config/changes";
import { configPath } from "@/server/config/load";
import { parseConfig } from "@/server/config/parse";
import { prisma } from "@/server/db/prisma";
import { pool, query } from "@/server/db/sql";
import { setDatabaseUrl } from "@/server/db/url";
import { env } from "@/server/env";
import { sha256 } from "@/server/secret";
import { type TestDatabase, testDatabase } from "@/tests/support/database";

const TABLES = [
  "provider",
  "provider_key",
  "model",
  "deployment",
  "price",
  "key_group",
  "virtual_key",
  "budget",
  "setting",
  "audit_entry",
];

/** Gives the tests of a file a database of their own, and a folder for conduit.json. */
export function installation(): void {
  let database: TestDatabase | undefined;
  beforeAll(async () => {
    database = await testDatabase();
    setDatabaseUrl(database.url);
  });
  afterAll(async () => {
    await prisma().$disconnect();
    await pool().end();
    await database?.stop();
    rmSync(env.dataDir, { recursive: true, force: true });
  });
}

/** Forgets everything that is stored. */
export async function clearDatabase(): Promise<void> {
  await query(`TRUNCATE ${TABLES.join(", ")} CASCADE`);
}

/** Applies what a conduit.json would say. */
export function applyDocument(document: unknown): Promise<Applied> {
  const { config, resolved } = parseConfig(JSON.stringify(document), "conduit.json", () => undefined);
  return applyConfig(config, sha256(resolved.reveal()));
}

/** Puts a new conduit.json in the place of the old one, as editors do. */
export function writeConfig(document: unknown): void {
  const draft = `${configPath()}.new`;
  writeFileSync(draft, typeof document === "string" ? document : JSON.stringify(document));
  renameSync(draft, configPath());
}

/** Every row with the transaction that wrote it last, and how many changes were announced. */
export async function snapshot(): Promise<{ tables: unknown; announced: unknown }> {
  const tables: Record<string, unknown> = {};
  for (const table of TABLES) tables[table] = await query(`SELECT xmin::text, t.* FROM ${table} t ORDER BY t::text`);
  return { tables, announced: await query("SELECT value FROM conduit_change") };
}

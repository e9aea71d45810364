import type { Applied } from "@/server/config/changes";
import { APPLIED } from "@/server/config/declared";
import { loadConfig } from "@/server/config/load";
import { query } from "@/server/db/sql";
import { log } from "@/server/log";
import { secrets } from "@/server/secrets";
import { ensureLibraryPrices } from "@/server/state/prices";

/** Part of the fingerprint: raised when the same file is to be applied anew by a newer Conduit. */
const FORMAT = 1;

/**
 * Applies the configuration file when it says something else than what was applied last; undefined when there was nothing
 * to do. Without a file, what earlier ones declared stays as it is. Throws ConfigError and then changes nothing.
 */
export async function applyConfigIfChanged(): Promise<Applied | undefined> {
  const parsed = loadConfig();
  if (!parsed) return undefined;
  const fingerprint = secrets().sealer.fingerprint(`${FORMAT} ${parsed.resolved.reveal()}`);
  const [row] = await query<{ value: unknown }>("SELECT value FROM setting WHERE name = $1", [APPLIED]);
  if (row?.value === fingerprint) return undefined;
  // Prisma takes a while to load, and most starts do not need it.
  const { applyConfig } = await import("@/server/config/apply");
  const applied = await applyConfig(parsed.config, fingerprint);
  log.info(applied, "Applied conduit.json.");
  if (applied.released.length > 0) {
    log.warn(
      { released: applied.released },
      "No longer declared but still in use: disabled, and left to the dashboard.",
    );
  }
  await ensureLibraryPrices();
  return applied;
}

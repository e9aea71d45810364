import { join } from "node:path";
import { applyConfigIfChanged } from "@/server/config/start";
import { configSignature, watchConfig } from "@/server/config/watch";
import { migrate } from "@/server/db/migrate";
import { watchChanges } from "@/server/db/notify";
import { seedOnce } from "@/server/db/seed";
import { closeDatabase } from "@/server/db/sql";
import { databaseUrl, setDatabaseUrl } from "@/server/db/url";
import { waitForDatabase } from "@/server/db/wait";
import { env, exportSessionSettings } from "@/server/env";
import { runProbes } from "@/server/jobs/probes";
import { sendWebhooks } from "@/server/jobs/webhooks";
import { log } from "@/server/log";
import { connectRedis, disconnectRedis } from "@/server/redis";
import { secrets } from "@/server/secrets";
import { singleton } from "@/server/singleton";
import { keepLeases } from "@/server/state/budgets";
import { reloadCatalog } from "@/server/state/catalog";
import { health } from "@/server/state/health";
import { instanceId } from "@/server/state/instance";
import { refreshKeys } from "@/server/state/key-cache";
import { endLeases } from "@/server/state/leases";
import { drainLedger, recoverLedger, recoverOthers } from "@/server/state/ledger";
import { flushCorrections } from "@/server/state/limits-corrections";
import { reloadGlobalLimits } from "@/server/state/limits-global";
import { ensureLibraryPrices } from "@/server/state/prices";
import { returnLeases } from "@/server/state/purses";
import { hearRouteNews } from "@/server/state/route-news";
import { shareRoutes } from "@/server/state/route-sharing";
import { reloadMoneySetting } from "@/server/state/unpriced";

/** Starts a database of one's own where `DATABASE_URL` names none; only a process that owns its disk can give one. */
export type StartDatabase = () => Promise<{ readonly url: string; stop(): Promise<void> }>;

type Booted = { stop(): Promise<void> };

const held = singleton("boot", (): { booted: Promise<Booted> | undefined } => ({ booted: undefined }));

/**
 * Brings the process up, once however often it is called: secrets, database, migrations, conduit.json, and the state in
 * memory. A failed attempt rejects and may be tried again.
 */
export async function boot(startDatabase?: StartDatabase): Promise<void> {
  held.booted ??= start(startDatabase).catch((error: unknown) => {
    held.booted = undefined;
    throw error;
  });
  await held.booted;
}

/** Writes what is in memory, then closes connections and a database that this process started. */
export async function shutDown(): Promise<void> {
  const booted = await held.booted;
  await booted?.stop();
}

async function start(startDatabase: StartDatabase | undefined): Promise<Booted> {
  exportSessionSettings(secrets().sessionSecret.reveal());
  const database = await openDatabase(startDatabase);
  try {
    return await bringUp(database);
  } catch (error) {
    // It runs in a session of its own and would outlive this process.
    await database?.stop();
    throw error;
  }
}

async function bringUp(database: { stop(): Promise<void> } | undefined): Promise<Booted> {
  const applied = await migrate(databaseUrl(), join(process.cwd(), "prisma", "migrations"));
  if (applied.length > 0) log.info({ migrations: applied }, "Migrated the database.");
  await seedOnce();
  const config = configSignature();
  await applyConfigIfChanged();
  await ensureLibraryPrices();
  await reloadCatalog();
  await reloadGlobalLimits();
  await reloadMoneySetting();
  await recoverLedger();
  await connectRedis();
  const stopSharing = await shareRoutes();
  const stopRenewing = keepLeases();
  const stopRecovering = keepRecovering();
  const stops = [
    watchChanges(onChange, { onState: onDatabase, onRoute: hearRouteNews }),
    watchConfig(config),
    sendWebhooks(),
    runProbes(),
  ];
  Object.assign(health(), { started: true, database: true });
  return {
    stop: async () => {
      for (const stop of stops) await stop();
      const written = await drainLedger(env.drainMs);
      stopRenewing();
      stopRecovering();
      if (written)
        await endLeases(instanceId()).catch((error: unknown) =>
          log.warn({ err: error }, "Leases on budgets end after ten minutes."),
        );
      if (!written)
        log.fatal("The database did not take the last calls in time; they are in the journal for the next start.");
      await flushCorrections();
      stopSharing();
      disconnectRedis();
      await closeDatabase();
      await database?.stop();
    },
  };
}

const RECOVER_MS = 60_000;

/** Takes up now and then what processes left that ended meanwhile and do not come back. */
function keepRecovering(): () => void {
  const timer = setInterval(() => {
    recoverOthers().catch((error: unknown) =>
      log.warn({ err: error }, "What another process left could not be taken up."),
    );
  }, RECOVER_MS);
  timer.unref();
  return () => clearInterval(timer);
}

async function openDatabase(startDatabase: StartDatabase | undefined): Promise<{ stop(): Promise<void> } | undefined> {
  if (env.databaseUrl) {
    await waitForDatabase(env.databaseUrl, env.databaseWaitMs);
    return undefined;
  }
  if (!startDatabase) throw new Error("DATABASE_URL is not set. Only `npm start` brings a database of its own.");
  const database = await startDatabase();
  setDatabaseUrl(database.url);
  return database;
}

async function onChange(topic: "catalog" | "keys" | "all"): Promise<void> {
  if (topic !== "keys") await reloadCatalog();
  if (topic !== "catalog")
    await Promise.all([refreshKeys(), reloadGlobalLimits(), reloadMoneySetting(), returnLeases()]);
}

function onDatabase(up: boolean): void {
  const state = health();
  if (state.database === up) return;
  state.database = up;
  log[up ? "info" : "error"](
    up ? "The database answers again." : "The database does not answer; known keys go on working.",
  );
}

import pg from "pg";
import { databaseUrl } from "@/server/db/url";
import { log } from "@/server/log";
import { singleton } from "@/server/singleton";

/** Calls on the hot path and in the ledger use this pool; everything an admin does goes through Prisma. */
export function pool(): pg.Pool {
  return singleton("pg-pool", () => {
    const made = new pg.Pool({
      connectionString: databaseUrl(),
      max: 8,
      connectionTimeoutMillis: 5_000,
      // A connection that the network dropped silently would otherwise hold its query for as long as the kernel does.
      query_timeout: 5_000,
      keepAlive: true,
      application_name: "conduit",
    });
    // An idle connection that the server drops must not end the process; the next query opens a new one.
    made.on("error", (error) => log.warn({ err: error }, "An idle database connection was lost."));
    return made;
  });
}

const closers = singleton("database-closers", (): (() => Promise<void>)[] => []);

/** Has `close` called when the process lets go of the database. */
export function onDatabaseClose(close: () => Promise<void>): void {
  closers.push(close);
}

/** Closes this pool and every other client of the database. */
export async function closeDatabase(): Promise<void> {
  for (const close of closers.splice(0)) await close();
  await pool().end();
}

/** Rows of one parametrised statement. */
export async function query<Row extends pg.QueryResultRow>(
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const result = await pool().query<Row>(text, [...values]);
  return result.rows;
}

/** Another process may hold a lock for as long as a large conduit.json takes to apply. */
const LOCK_WAIT_MS = 600_000;

/**
 * Runs `work` in one transaction on one connection; a throw rolls it back. With `lock`, transactions of that name in all
 * processes come one after the other.
 */
export async function transaction<T>(work: (client: pg.PoolClient) => Promise<T>, lock?: string): Promise<T> {
  const client = await pool().connect();
  try {
    await client.query("BEGIN");
    if (lock) {
      const take = { text: "SELECT pg_advisory_xact_lock(hashtext($1))", values: [lock], query_timeout: LOCK_WAIT_MS };
      await client.query(take);
    }
    const result = await work(client);
    await client.query("COMMIT");
    client.release();
    return result;
  } catch (error) {
    // A connection whose rollback fails is broken: it is closed instead of going back to the pool.
    await client.query("ROLLBACK").then(
      () => client.release(),
      (cause: unknown) => client.release(cause instanceof Error ? cause : true),
    );
    throw error;
  }
}

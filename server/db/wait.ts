import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { log } from "@/server/log";

/**
 * Waits until the database answers, with exponential backoff (100 ms doubling to 5 s) for at most `limitMs`. What no wait
 * can mend (a wrong password, a database that does not exist) is thrown at once.
 */
export async function waitForDatabase(url: string, limitMs: number): Promise<void> {
  const until = Date.now() + limitMs;
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, 5_000)) {
    try {
      return await ping(url);
    } catch (cause) {
      const reason = reasonOf(cause);
      if (isFinal(cause)) throw new Error(`DATABASE_URL cannot be used: ${reason}`, { cause });
      if (Date.now() + pauseMs > until) {
        throw new Error(
          `The database at ${hostOf(url)} did not answer within ${Math.round(limitMs / 1000)} s: ${reason}`,
          { cause },
        );
      }
      log.warn({ host: hostOf(url), reason, retryInMs: pauseMs }, "The database does not answer yet.");
      await sleep(pauseMs);
    }
  }
}

async function ping(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // Without a listener a connection lost between two queries would end the process.
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("SELECT 1");
  } finally {
    await client.end();
  }
}

/** Classes 28 (authorisation) and 3D (no such database) do not get better by waiting. */
function isFinal(error: unknown): boolean {
  return error instanceof pg.DatabaseError && /^(28|3D)/.test(error.code ?? "");
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0].message;
  return error instanceof Error ? error.message : String(error);
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : "an address that is not a URL";
}

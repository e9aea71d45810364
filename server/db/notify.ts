import pg from "pg";
import { databaseUrl } from "@/server/db/url";
import { log } from "@/server/log";

const CHANNEL = "conduit_change";
/** What server/state/route-news.ts tells. */
const ROUTES = "conduit_route";
const POLL_MS = 1_000;
const SLOW_MS = 2_500;

/**
 * Calls `onChange` with the topics that changed ("catalog", "keys") within a second of the commit: at once by
 * LISTEN/NOTIFY, and by comparing the change counter every second, which also finds what was missed while the connection
 * was down or where a pooler swallows notifications. News of routes go to `onRoute` as they come; what was missed is
 * not repeated. Returns a function that stops it.
 */
export function watchChanges(
  onChange: (topic: "catalog" | "keys" | "all") => Promise<void>,
  { onState, onRoute }: { onState: (up: boolean) => void; onRoute: (payload: string) => void },
): () => Promise<void> {
  let client: pg.Client | undefined;
  let counter: string | undefined;
  let stopped = false;
  let busy = false;
  let began = 0;

  const connect = async () => {
    const made = new pg.Client({
      connectionString: databaseUrl(),
      connectionTimeoutMillis: 2_000,
      query_timeout: 2_000,
      application_name: "conduit-listen",
    });
    made.on("error", (error) => {
      if (stopped) return;
      log.warn({ err: error }, "The connection that listens for changes was lost.");
      if (client === made) client = undefined;
      onState(false);
    });
    made.on("notification", ({ channel, payload }) => {
      if (channel === ROUTES) {
        onRoute(payload ?? "");
        return;
      }
      onChange(payload === "catalog" || payload === "keys" ? payload : "all").catch((error: unknown) => {
        log.warn({ err: error }, "A change could not be read yet; it is tried again within a second.");
      });
    });
    try {
      await made.connect();
      await made.query(`LISTEN ${CHANNEL}; LISTEN ${ROUTES}`);
      client = made;
    } catch (error) {
      await close(made);
      throw error;
    }
  };

  const poll = async () => {
    if (stopped) return;
    if (busy) {
      // A look takes milliseconds; one that lasts says that the database does not answer, also before it gives up.
      if (performance.now() - began > SLOW_MS) onState(false);
      return;
    }
    busy = true;
    began = performance.now();
    try {
      if (!client) await connect();
      const result = await client?.query<{ value: string }>("SELECT value::text FROM conduit_change");
      const value = result?.rows[0]?.value;
      onState(true);
      // Also the first time: something may have changed between the first reading and this.
      if (value !== counter) await onChange("all");
      counter = value;
    } catch (error) {
      if (stopped) return;
      log.debug({ err: error }, "The database did not answer a look for changes.");
      onState(false);
      const broken = client;
      client = undefined;
      if (broken) await close(broken);
    } finally {
      busy = false;
    }
  };

  const timer = setInterval(() => void poll(), POLL_MS);
  void poll();
  return async () => {
    stopped = true;
    clearInterval(timer);
    if (client) await close(client);
  };
}

function close(client: pg.Client): Promise<void> {
  return client.end().catch((cause: unknown) => log.debug({ err: cause }, "A connection did not close cleanly."));
}

import type { PgBoss } from "pg-boss";
import { databaseUrl } from "@/server/db/url";
import { env } from "@/server/env";
import { log } from "@/server/log";
import { type Account, type Probe, probe } from "@/server/outbound/probe";
import { providerType } from "@/server/providers/registry";
import { type CatalogKey, type CatalogProvider, catalog } from "@/server/state/catalog";
import { type RouteNews, tellRouteNews } from "@/server/state/route-news";

const QUEUE = "probe-provider";
const LOOK_MS = 1_000;
/** After the queue could not be had it is tried again so much later. */
const AGAIN_MS = 30_000;
/** Providers that one process probes at the same time, and keys of one of them. */
const PROVIDERS_AT_ONCE = 3;
const KEYS_AT_ONCE = 10;
const STOP_MS = 5_000;
/** What a vendor says with this to a list of models may be meant for the list alone. */
const FORBIDDEN = 403;

/**
 * Tries the keys of those providers whose setting says so, as often as it says: of all processes that have a dashboard one does it
 * each time, and all learn what came of it. The queue is loaded only where a provider wants it. Returns a function that stops it.
 */
export function runProbes(): () => Promise<void> {
  if (env.role === "gateway") return async () => undefined;
  const queue = new ProbeQueue();
  const timer = setInterval(() => queue.look(), LOOK_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await queue.stop();
  };
}

class ProbeQueue {
  #boss: PgBoss | undefined;
  #working: Promise<void> | undefined;
  #notBefore = 0;
  /** The span of each provider's time in which it was asked for last. */
  #asked = new Map<string, number>();

  look(): void {
    if (performance.now() < this.#notBefore) return;
    this.#working ??= this.#askForDue()
      .catch((error: unknown) => {
        this.#notBefore = performance.now() + AGAIN_MS;
        log.warn({ err: error }, "Providers cannot be probed now; it is tried again.");
      })
      .finally(() => {
        this.#working = undefined;
      });
  }

  async stop(): Promise<void> {
    await this.#working;
    await this.#end();
  }

  async #end(): Promise<void> {
    await this.#boss?.stop({ graceful: true, timeout: STOP_MS });
    this.#boss = undefined;
  }

  async #askForDue(): Promise<void> {
    const wanted = [...catalog().providers.values()].filter(({ probeSeconds }) => probeSeconds !== null);
    if (wanted.length === 0) return this.#end();
    this.#boss ??= await startQueue();
    for (const { id, probeSeconds } of wanted) {
      const span = Math.floor(Date.now() / 1_000 / (probeSeconds ?? 1));
      if (this.#asked.get(id) === span) continue;
      // Every process asks, and the queue takes one of them in each span.
      await this.#boss.send(QUEUE, { id }, { singletonKey: id, singletonSeconds: probeSeconds ?? 1 });
      this.#asked.set(id, span);
    }
  }
}

async function startQueue(): Promise<PgBoss> {
  const { PgBoss } = await import("pg-boss");
  const boss = new PgBoss({
    connectionString: databaseUrl(),
    schema: "pgboss",
    application_name: "conduit-jobs",
    max: 2,
    connectionTimeoutMillis: 5_000,
    // Its schedules go by the minute.
    schedule: false,
  });
  boss.on("error", (error) => log.debug({ err: error }, "The queue of probes met an error."));
  try {
    await boss.start();
    await boss.createQueue(QUEUE, {
      retryLimit: 0,
      expireInSeconds: 120,
      retentionSeconds: 600,
      deleteAfterSeconds: 600,
    });
    await boss.work<{ id: string }>(QUEUE, { localConcurrency: PROVIDERS_AT_ONCE }, async (jobs) => {
      for (const { data } of jobs) await probeProvider(data.id);
    });
    return boss;
  } catch (error) {
    await boss
      .stop({ graceful: false })
      .catch((cause: unknown) => log.debug({ err: cause }, "The queue did not stop."));
    throw error;
  }
}

/** Tries each key of a provider once and tells all processes; nothing where it wants that no longer. */
async function probeProvider(id: string): Promise<void> {
  const provider = [...catalog().providers.values()].find((known) => known.id === id);
  const type = provider && providerType(provider.type);
  if (!type || provider.probeSeconds === null) return;
  const { baseUrl, allowPrivateNetwork, headers, options, keys } = provider;
  const account = { type, baseUrl, allowPrivateNetwork, headers, options };
  if (keys.length === 0) {
    await tellRouteNews(newsOf(provider, [{ result: await probe({ ...account, credential: undefined }) }]));
    return;
  }
  for (let at = 0; at < keys.length; at += KEYS_AT_ONCE) {
    const tried = await Promise.all(keys.slice(at, at + KEYS_AT_ONCE).map((key) => tryKey(account, key)));
    const news = newsOf(provider, tried);
    await tellRouteNews(news);
    if (news.some(({ what }) => what === "provider-not-reached")) return;
  }
}

type Tried = { readonly key?: CatalogKey; readonly result: Probe };

async function tryKey(account: Omit<Account, "credential">, key: CatalogKey): Promise<Tried> {
  return { key, result: await probe({ ...account, credential: key.credential }) };
}

/** What the tries of one provider's keys say: of each key, and whether anything answered at all. */
function newsOf({ id }: CatalogProvider, tried: readonly Tried[]): RouteNews[] {
  const ofKeys = tried.flatMap(({ key, result }): RouteNews[] => {
    if (!key) return [];
    if (result.ok) return [{ what: "key-taken", id: key.id }];
    if (result.kind !== "upstream_denied" || result.status === FORBIDDEN) return [];
    return [{ what: "key-refused", id: key.id, reason: result.message }];
  });
  if (tried.some(({ result }) => result.ok || result.status !== undefined))
    return [...ofKeys, { what: "provider-reached", id }];
  return tried.every(({ result }) => !result.ok && SILENCE.has(result.kind))
    ? [...ofKeys, { what: "provider-not-reached", id }]
    : ofKeys;
}

const SILENCE: ReadonlySet<string> = new Set(["upstream_unavailable", "upstream_timeout"]);

import { randomUUID } from "node:crypto";
import { z } from "zod";
import { query } from "@/server/db/sql";
import { log } from "@/server/log";
import { singleton } from "@/server/singleton";
import { knownRoute, reset } from "@/server/state/route-health";
import { keyRefused, keyTaken, providerNotReached, providerReached } from "@/server/state/route-probes";

/**
 * What one process finds out, or an admin does, for all of them, through the database: few messages, which reach every process also
 * where there is no Redis.
 */
export type RouteNews = z.infer<typeof RouteNews>;
const RouteNews = z.discriminatedUnion("what", [
  z.object({ what: z.literal("reset"), id: z.string() }),
  z.object({ what: z.literal("key-taken"), id: z.string() }),
  z.object({ what: z.literal("key-refused"), id: z.string(), reason: z.string() }),
  z.object({ what: z.literal("provider-reached"), id: z.string() }),
  z.object({ what: z.literal("provider-not-reached"), id: z.string() }),
]);

const Letter = z.object({ from: z.string(), news: RouteNews });

/** The channel's name is in server/db/notify.ts too. */
const TELL = "SELECT pg_notify('conduit_route', letter) FROM unnest($1::text[]) AS letter";
/** A notification holds less than 8,000 bytes. */
const LONGEST_REASON = 1_000;

const held = singleton("route-news", () => ({ self: randomUUID() }));

/** Acts on news here and tells every other process. Rejects when the database does not take it; it holds here all the same. */
export async function tellRouteNews(news: readonly RouteNews[]): Promise<void> {
  if (news.length === 0) return;
  for (const one of news) act(one);
  await query(TELL, [news.map((one) => JSON.stringify({ from: held.self, news: shortened(one) }))]);
}

/** Acts on what another process told. */
export function hearRouteNews(payload: string): void {
  let letter: z.infer<typeof Letter>;
  try {
    letter = Letter.parse(JSON.parse(payload));
  } catch (error) {
    log.debug({ err: error }, "News of a route cannot be read: they are of another version.");
    return;
  }
  if (letter.from !== held.self) act(letter.news);
}

function shortened(news: RouteNews): RouteNews {
  return news.what === "key-refused" ? { ...news, reason: news.reason.slice(0, LONGEST_REASON) } : news;
}

function act({ id, ...news }: RouteNews): void {
  const nowMs = Date.now();
  switch (news.what) {
    case "reset":
      reset(id);
      break;
    case "key-taken":
      keyTaken(id, nowMs);
      break;
    case "key-refused":
      if (knownRoute(id)?.out === undefined) log.warn({ key: id, reason: news.reason }, "A probe took a key out.");
      keyRefused(id, nowMs, news.reason);
      break;
    case "provider-reached":
      providerReached(id);
      break;
    case "provider-not-reached":
      providerNotReached(id, nowMs);
      break;
    default:
      news satisfies never;
  }
}

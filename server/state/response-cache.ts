import { z } from "zod";
import { env } from "@/server/env";
import { log } from "@/server/log";
import { redis } from "@/server/redis";
import { singleton } from "@/server/singleton";

/** A whole successful answer as its caller got it. */
export type CachedAnswer = {
  readonly contentType: string;
  readonly body: Buffer;
  /** What it cost, in nano-dollars; null = nobody knows. */
  readonly costNano: bigint | null;
  /** Milliseconds since 1970. */
  readonly storedAtMs: number;
};

type Entry = CachedAnswer & { readonly untilMs: number };

/** What an entry takes beside its body. */
const ENTRY_BYTES = 400;
/** A longer answer is not kept. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** A look into Redis must not hold a call up. */
const LOOK_MS = 100;

const held = singleton("response-cache", () => ({ entries: new Map<string, Entry>(), bytes: 0 }));

/** Whether an answer of so many bytes is kept at all. */
export function isCacheable(bytes: number): boolean {
  return bytes <= Math.min(MAX_BODY_BYTES, env.cacheBytes / 4);
}

type Found = CachedAnswer | undefined | Promise<CachedAnswer | undefined>;

/** The answer kept under a key, as `cachedAnswer` gives it, without using it. Never rejects. */
export function lookAtAnswer(key: string, nowMs: number): Found {
  const shared = redis();
  if (shared) return lookInRedis(shared, key);
  const entry = held.entries.get(key);
  return entry && entry.untilMs > nowMs ? entry : undefined;
}

/** The answer kept under a key: in Redis where there is one, else in this process. Never rejects. */
export function cachedAnswer(key: string, nowMs: number): Found {
  const entry = held.entries.get(key);
  if (!entry) return lookAtAnswer(key, nowMs);
  drop(key, entry);
  if (entry.untilMs <= nowMs) return undefined;
  // Maps keep the order in which entries were put in: what was used last is dropped last.
  put(key, entry);
  return entry;
}

/** Keeps an answer for `ttlMs`. One that is too long is not kept. */
export function cacheAnswer(key: string, answer: CachedAnswer, ttlMs: number): void {
  if (!isCacheable(answer.body.length)) return;
  const shared = redis();
  if (shared) {
    shared
      .set(redisKey(key), packed(answer), "PX", ttlMs)
      .catch((error: unknown) => log.debug({ err: error }, "An answer could not be kept in Redis."));
    return;
  }
  const known = held.entries.get(key);
  if (known) drop(key, known);
  put(key, { ...answer, untilMs: answer.storedAtMs + ttlMs });
  for (const [oldest, entry] of held.entries) {
    if (held.bytes <= env.cacheBytes) return;
    drop(oldest, entry);
  }
}

function put(key: string, entry: Entry): void {
  held.entries.set(key, entry);
  held.bytes += entry.body.length + ENTRY_BYTES;
}

function drop(key: string, entry: Entry): void {
  held.entries.delete(key);
  held.bytes -= entry.body.length + ENTRY_BYTES;
}

type Shared = NonNullable<ReturnType<typeof redis>>;

async function lookInRedis(shared: Shared, key: string): Promise<CachedAnswer | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), LOOK_MS);
  });
  try {
    const found = await Promise.race([shared.getBuffer(redisKey(key)), late]);
    return found ? unpacked(found) : undefined;
  } catch (error) {
    log.debug({ err: error }, "Redis could not be asked for an answer; the call goes on without.");
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

function redisKey(key: string): string {
  return `cache:${key}`;
}

const Head = z.object({ contentType: z.string(), costNano: z.string().nullable(), storedAtMs: z.number() });
const LINE_END = 10;

/** One line of JSON, then the body as it is. */
function packed({ contentType, costNano, storedAtMs, body }: CachedAnswer): Buffer {
  const head = { contentType, costNano: costNano?.toString() ?? null, storedAtMs };
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), body]);
}

function unpacked(bytes: Buffer): CachedAnswer {
  const end = bytes.indexOf(LINE_END);
  const { costNano, ...head } = Head.parse(JSON.parse(bytes.toString("utf8", 0, end)));
  return { ...head, costNano: costNano === null ? null : BigInt(costNano), body: bytes.subarray(end + 1) };
}

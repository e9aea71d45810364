import { createHash } from "node:crypto";
import { Ratelimit } from "@upstash/ratelimit";
import { z } from "zod";
import { log } from "@/server/log";
import { redis } from "@/server/redis";
import { singleton } from "@/server/singleton";

/** Attempts of one address in a row of ten minutes, over all processes. */
const ATTEMPTS = 30;
const WINDOW = "10 m";
/** Whoever signs in waits for it; nobody waits for a Redis that is away. */
const PATIENCE_MS = 200;
/** Scripts begin with a line that Upstash's own server understands and Redis does not. */
const OWN_LINE = /^#!lua.*\n/;

/**
 * How many seconds an address must wait because of what it tried at all processes together; 0 where it need not, and where there is no
 * Redis to ask: then each process counts for itself.
 */
export function sharedWaitSeconds(address: string): number | Promise<number> {
  return redis() ? ask(address) : 0;
}

async function ask(address: string): Promise<number> {
  const limiter = singleton(
    "shared-sign-ins",
    () =>
      new Ratelimit({
        redis: overIoredis,
        limiter: Ratelimit.slidingWindow(ATTEMPTS, WINDOW),
        prefix: "sign-in",
        timeout: PATIENCE_MS,
        ephemeralCache: false,
      }),
  );
  try {
    const { success, reset } = await limiter.limit(address);
    return success ? 0 : Math.max(1, Math.ceil((reset - Date.now()) / 1_000));
  } catch (error) {
    log.warn({ err: error }, "Sign-ins are counted by this process alone: Redis did not answer.");
    return 0;
  }
}

/** What the library asks of a client, by ioredis. It asks by the hash of the script as it stands; ours has a line less. */
const overIoredis = {
  eval: async <Args extends unknown[], Data>(script: string, keys: string[], args: Args): Promise<Data> => {
    const own = script.replace(OWN_LINE, "");
    scripts.set(sha1(script), sha1(own));
    return z.custom<Data>().parse(await client().eval(own, keys.length, ...keys, ...args.map(String)));
  },
  evalsha: async <Args extends unknown[], Data>(sha: string, keys: string[], args: Args): Promise<Data> => {
    const own = scripts.get(sha);
    if (own === undefined) throw new Error("NOSCRIPT");
    return z.custom<Data>().parse(await client().evalsha(own, keys.length, ...keys, ...args.map(String)));
  },
  get: async <Data>(key: string): Promise<Data | null> => z.custom<Data | null>().parse(await client().get(key)),
  set: async <Data>(key: string, value: Data): Promise<Data | "OK" | null> => client().set(key, String(value)),
};

/** The library's hashes, and those of the scripts as Redis has them. */
const scripts = new Map<string, string>();

function client() {
  const connected = redis();
  if (!connected) throw new Error("Redis is away.");
  return connected;
}

function sha1(text: string): string {
  return createHash("sha1").update(text).digest("hex");
}

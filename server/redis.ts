import { Redis } from "ioredis";
import { env } from "@/server/env";
import { log } from "@/server/log";
import { singleton } from "@/server/singleton";
import { health } from "@/server/state/health";

/** The connection to `REDIS_URL`, with its own reconnecting; undefined when none is configured. Keys get the prefix of `CONDUIT_REDIS_INSTANCE_NAME`. */
export function redis(): Redis | undefined {
  return singleton("redis", () => {
    if (!env.redisUrl) return undefined;
    const made = new Redis(env.redisUrl, {
      keyPrefix: env.redisPrefix,
      // A command must never hold a call up: while Redis is away it fails at once.
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      connectTimeout: 2_000,
      commandTimeout: 500,
      retryStrategy: (attempt) => Math.min(100 * 2 ** attempt, 5_000),
    });
    health().redis = "down";
    made.on("ready", () => {
      health().redis = "up";
      log.info("Connected to Redis.");
    });
    made.on("close", () => {
      health().redis = "down";
    });
    made.on("error", (error) => log.warn({ reason: error.message }, "Redis does not answer; calls go on without it."));
    return made;
  });
}

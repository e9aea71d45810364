import type { Redis } from "ioredis";
import { env } from "@/server/env";
import { log } from "@/server/log";
import { singleton } from "@/server/singleton";
import { health } from "@/server/state/health";

const held = singleton("redis", (): { client: Redis | undefined } => ({ client: undefined }));

/** Connects to `REDIS_URL` where it is set; ioredis reconnects by itself. Keys get the prefix of `CONDUIT_REDIS_INSTANCE_NAME`. */
export async function connectRedis(): Promise<void> {
  if (!env.redisUrl || held.client) return;
  // Loaded only where it is used: most installations are one process and have none.
  const { Redis } = await import("ioredis");
  const client = new Redis(env.redisUrl, {
    keyPrefix: env.redisPrefix,
    // A command must never hold a call up: while Redis is away it fails at once.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    commandTimeout: 500,
    retryStrategy: (attempt) => Math.min(100 * 2 ** attempt, 5_000),
  });
  health().redis = "down";
  client.on("ready", () => {
    health().redis = "up";
    log.info("Connected to Redis.");
  });
  client.on("close", () => {
    health().redis = "down";
  });
  client.on("error", (error) => log.warn({ reason: error.message }, "Redis does not answer; calls go on without it."));
  held.client = client;
}

/** The connection, while Redis answers; undefined where there is none or it is away. */
export function redis(): Redis | undefined {
  return held.client?.status === "ready" ? held.client : undefined;
}

/** Closes the connection. */
export function disconnectRedis(): void {
  held.client?.disconnect();
}

import type { Redis } from "ioredis";
import { env } from "@/server/env";
import { log } from "@/server/log";
import { singleton } from "@/server/singleton";
import { health } from "@/server/state/health";

type Held = { client: Redis | undefined; listener: Redis | undefined };

const held = singleton("redis", (): Held => ({ client: undefined, listener: undefined }));

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

/**
 * Listens to one channel, whose name gets the prefix of the keys, on a connection of its own. `onListening` is called each time that
 * it begins anew: what was said before is missed. Nothing happens where there is no Redis.
 */
export function listenToRedis(
  channel: string,
  { onMessage, onListening }: { onMessage: (message: string) => void; onListening: () => void },
): void {
  // A connection that goes down is made again, and then subscribes anew; nothing but silence tells that one is dead.
  const listener = held.client?.duplicate({ autoResubscribe: false, commandTimeout: 5_000, keepAlive: 10_000 });
  if (!listener) return;
  held.listener = listener;
  const failed = (error: unknown): void => log.debug({ err: error }, "Redis cannot be listened to.");
  const startOver = (error: unknown): void => {
    failed(error);
    if (held.listener === listener) listener.disconnect(true);
  };
  listener.on("error", failed);
  listener.on("message", (_channel, message) => onMessage(message));
  listener.on("ready", () => {
    listener.subscribe(channelName(channel)).then(onListening, startOver);
  });
}

/** A channel as Redis knows it: the client puts its prefix before keys alone. */
export function channelName(channel: string): string {
  return env.redisPrefix + channel;
}

/** Closes the connections. */
export function disconnectRedis(): void {
  const { listener } = held;
  held.listener = undefined;
  listener?.disconnect();
  held.client?.disconnect();
}

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { freePort } from "@/tests/support/postgres";

/** A Redis server of a test's own, in memory alone: what it held is gone after a restart. */
export type TestRedis = {
  readonly url: string;
  /** A connection to look into it with; commands wait while the server is away. */
  readonly client: Redis;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
  /** Stops its process without closing connections: it no longer answers. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
};

/** Why there can be no Redis server here; undefined where there can. In CI that is an error. */
export function noRedis(): string | undefined {
  if (spawnSync("redis-server", ["--version"]).status === 0) return undefined;
  const reason = "redis-server is not installed (apt-get install redis-server)";
  if (process.env.CI === "true") throw new Error(`This must not be skipped in CI: ${reason}`);
  return reason;
}

/** Starts a server on a free port of 127.0.0.1. */
export async function startTestRedis(): Promise<TestRedis> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "conduit-test-redis-"));
  const client = new Redis({ port, host: "127.0.0.1", lazyConnect: true, retryStrategy: () => 50 });
  // It is killed on purpose.
  client.on("error", () => undefined);
  let child: ChildProcess | undefined;
  const kill = async (): Promise<void> => {
    if (!child) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
    child = undefined;
  };
  const start = async (): Promise<void> => {
    const words = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder];
    child = spawn("redis-server", words, { stdio: "ignore" });
    if (client.status === "wait") await client.connect().catch(() => undefined);
    const until = Date.now() + 10_000;
    while (client.status !== "ready") {
      if (Date.now() > until) throw new Error("Redis did not start.");
      await sleep(20);
    }
    await client.ping();
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}/0`,
    client,
    kill,
    start,
    freeze: () => void child?.kill("SIGSTOP"),
    thaw: () => void child?.kill("SIGCONT"),
    stop: async () => {
      client.disconnect();
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

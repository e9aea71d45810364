import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "@/tests/support/database";
import { chatRequest, completion, configFor, keys } from "@/tests/support/fixture";
import { type Gateway, launch, startGateway } from "@/tests/support/gateway";
import { json, startUpstream, type Upstream } from "@/tests/support/upstream";

const WORKERS = 3;
let database: TestDatabase;
let upstream: Upstream;
let gateway: Gateway;

beforeAll(async () => {
  database = await testDatabase();
  upstream = await startUpstream();
  upstream.on("/v1/chat/completions", json(completion()));
  gateway = await start();
}, 60_000);
afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
  await database.stop();
});

const start = () =>
  startGateway({
    mount: "server",
    databaseUrl: database.url,
    config: configFor(upstream.url),
    env: { CONDUIT_WORKERS: String(WORKERS) },
  });

/** The processes whose parent is the first one. */
function workers(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === gateway.pid);
}

function parentOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[1]);
  } catch {
    // It ended since it was listed.
    return -1;
  }
}

const call = async (): Promise<number> => {
  const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${keys.caller}`, "content-type": "application/json", connection: "close" },
    body: JSON.stringify(chatRequest()),
  });
  await answer.arrayBuffer();
  return answer.status;
};

test("they share the port, the greeting comes once, and the log says what they do not share", async () => {
  // Before, the port is that of the first alone.
  await expect.poll(() => gateway.output(), { timeout: 30_000 }).toContain("All workers answer.");
  expect(workers()).toHaveLength(WORKERS);
  expect(new Set(await Promise.all(Array.from({ length: 60 }, call)))).toEqual(new Set([200]));
  expect(gateway.output().match(/Conduit is ready/g)).toHaveLength(1);
  expect(gateway.output()).toContain("Without REDIS_URL each worker counts limits for itself.");
}, 40_000);

test("one that ends by itself is replaced, and the others go on meanwhile", async () => {
  const [victim] = workers();
  if (!victim) throw new Error("There is none.");
  process.kill(victim, "SIGKILL");
  await expect.poll(() => workers().includes(victim), { timeout: 5_000 }).toBe(false);
  expect(await call()).toBe(200);
  await expect.poll(() => workers().length, { timeout: 20_000 }).toBe(WORKERS);
  expect(await call()).toBe(200);
}, 60_000);

test("a signal to the first lets open calls finish, and ends all", async () => {
  upstream.on("/v1/chat/completions", json(completion(), { afterMs: 1_500 }));
  const before = upstream.received.length;
  const open = Array.from({ length: 6 }, call);
  await expect.poll(() => upstream.received.length, { timeout: 5_000 }).toBe(before + 6);
  const pids = workers();
  gateway.signal("SIGTERM");
  expect(await Promise.all(open)).toEqual([200, 200, 200, 200, 200, 200]);
  expect(await gateway.exited).toBe(0);
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow();
}, 30_000);

test("where the first cannot start, none does, and it says why", async () => {
  const broken = await launch({
    mount: "server",
    databaseUrl: database.url,
    config: { models: [{ name: "m", deployments: [{ provider: "ghost", model: "x" }] }] },
    env: { CONDUIT_WORKERS: "2" },
  });
  expect(await broken.exited).toBe(1);
  expect(broken.output()).toContain("ghost");
}, 30_000);

import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LimitRule } from "@/server/state/limits-rules";
import { startWorkers, type Worker } from "@/tests/state/limits-processes";
import type { Done, Work } from "@/tests/state/limits-worker";
import { noRedis, startTestRedis, type TestRedis } from "@/tests/support/redis";

const missing = noRedis();
if (missing) console.warn(`Limits over Redis are not tested: ${missing}.`);

let server: TestRedis | undefined;
let workers: Worker[] = [];

function redis(): TestRedis {
  if (!server) throw new Error("Redis runs only while tests run.");
  return server;
}

async function all(work: Omit<Work, "seed">, among = workers): Promise<Done[]> {
  const done = await Promise.all(among.map((worker, index) => worker.work({ ...work, seed: index + 1 })));
  return done.flat();
}

/** Calls that Redis may have counted, though its answer came too late to let them in. */
const tooLate = (done: readonly Done[]): number => done.filter(({ outcome }) => outcome === "unavailable").length;
const admitted = (done: readonly Done[]): Done[] => done.filter(({ outcome }) => outcome === "admitted");

/** The most that any window of this length holds, by Redis's own clock. */
function fullest(done: readonly Done[], windowMs: number, amountOf: (one: Done) => number): number {
  const sorted = [...done].sort((one, other) => (one.atUs ?? 0) - (other.atUs ?? 0));
  let [most, sum, first] = [0, 0, 0];
  for (const one of sorted) {
    sum += amountOf(one);
    for (
      let oldest = sorted[first];
      oldest && (oldest.atUs ?? 0) + windowMs * 1_000 <= (one.atUs ?? 0);
      oldest = sorted[first]
    ) {
      sum -= amountOf(oldest);
      first++;
    }
    most = Math.max(most, sum);
  }
  return most;
}

/** The most calls that were certainly under way together: let in, and not yet over. */
function mostAtOnce(done: readonly Done[]): number {
  const moments = done
    .flatMap(({ answeredMs, overMs }) => [
      { atMs: answeredMs, change: 1 },
      { atMs: overMs, change: -1 },
    ])
    .sort((one, other) => one.atMs - other.atMs || one.change - other.change);
  let [most, running] = [0, 0];
  for (const { change } of moments) {
    running += change;
    most = Math.max(most, running);
  }
  return most;
}

describe.skipIf(missing)("limits that three processes share through Redis", { timeout: 60_000 }, () => {
  beforeAll(async () => {
    server = await startTestRedis();
    // A call that a busy machine answers too late is then not counted as let in.
    workers = await startWorkers(3, { REDIS_URL: server.url, CONDUIT_REDIS_OUTAGE: "refuse" });
  });
  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
    await server?.stop();
  });

  test("never more than the limit in any window", async () => {
    const owner = { scope: "key", name: "k" } as const;
    const rules: LimitRule[] = [
      { ...owner, id: "short", kind: "rpm", counts: "requests", limit: 30, windowMs: 200 },
      { ...owner, id: "long", kind: "rph", counts: "requests", limit: 150, windowMs: 1_700 },
      { ...owner, id: "tokens", kind: "tpm", counts: "tokens", limit: 3_000, windowMs: 700 },
    ];
    const done = await all({ kind: "windows", forMs: 5_000, parallel: 3, rules, mostTokens: 60, pauseMs: 8 });
    const entered = admitted(done);
    expect(fullest(entered, 200, () => 1)).toBeLessThanOrEqual(30);
    expect(fullest(entered, 1_700, () => 1)).toBeLessThanOrEqual(150);
    expect(fullest(entered, 700, ({ tokens }) => tokens)).toBeLessThanOrEqual(3_000);
    // And not far below: the longest window is full time and again.
    expect(fullest(entered, 1_700, () => 1)).toBeGreaterThanOrEqual(145);
    expect(entered.length).toBeGreaterThan(300);
    expect(done.length).toBeGreaterThan(entered.length);
  });

  test("together they let in exactly what the key and the group allow", async () => {
    const caller = { key: "exact", group: "exact", limits: { rpm: 120 }, groupLimits: { rpd: 5_000 } };
    const done = await all({ kind: "calls", forMs: 2_500, parallel: 4, caller });
    expect(admitted(done).length).toBeLessThanOrEqual(120);
    expect(admitted(done).length + tooLate(done)).toBeGreaterThanOrEqual(120);
    const group = await all({
      kind: "calls",
      forMs: 600,
      parallel: 4,
      caller: { ...caller, key: "other", groupLimits: { rpd: 200 } },
    });
    // The group's counter already holds the other key's calls.
    expect(admitted(group).length).toBeLessThanOrEqual(200 - admitted(done).length);
    expect(admitted(group).length + tooLate(done) + tooLate(group)).toBeGreaterThanOrEqual(80);
  });

  test("never more calls under way than places, and all places free at the end", async () => {
    const caller = { key: "places", limits: { concurrent: 5 } };
    const done = await all({ kind: "calls", forMs: 3_000, parallel: 6, caller, lastsMs: 60 });
    expect(mostAtOnce(admitted(done))).toBeLessThanOrEqual(5);
    expect(mostAtOnce(admitted(done))).toBeGreaterThanOrEqual(4);
    expect(admitted(done).length).toBeGreaterThan(100);
    await expect.poll(() => redis().client.zcard("conduit:{limits}:key:places:concurrent")).toBe(0);
  });

  test("one place is enough for calls that come one after the other", async () => {
    const caller = { key: "single", limits: { concurrent: 1 } };
    const done = await all({ kind: "calls", forMs: 1_000, parallel: 1, caller, lastsMs: 3 }, workers.slice(0, 1));
    expect(done.length).toBeGreaterThan(50);
    expect(admitted(done).length + tooLate(done)).toBe(done.length);
  });

  test("tokens that one process did not use are free for the others", async () => {
    const caller = { key: "tokens", limits: { tpm: 20_000 } };
    const used = await all({
      kind: "calls",
      forMs: 500,
      parallel: 1,
      caller,
      mostTokens: 40,
      usesPercent: 0,
      pauseMs: 5,
    });
    expect(admitted(used).length).toBeGreaterThan(20);
    await sleep(100);
    const [look] = await all(
      { kind: "calls", forMs: 1_000, most: 1, parallel: 1, caller, mostTokens: 1 },
      workers.slice(0, 1),
    );
    expect(look?.remaining).toBe(19_999);
  });

  test("tokens beyond the estimate count for all", async () => {
    const caller = { key: "beyond", limits: { tpm: 20_000 } };
    const one = { kind: "calls", forMs: 1_000, most: 1, parallel: 1, caller, mostTokens: 1 } as const;
    await all({ ...one, usesPercent: 500_000 }, workers.slice(0, 1));
    const [look] = await all(one, workers.slice(1, 2));
    expect(look?.remaining).toBe(20_000 - 5_000 - 1);
  });

  test("places of a process that was killed lapse", async () => {
    const key = "conduit:{limits}:key:killed:concurrent";
    const caller = { key: "killed", limits: { concurrent: 2 } };
    const [victim] = await startWorkers(1, { REDIS_URL: redis().url });
    if (!victim) throw new Error("No worker.");
    const working = victim.work({ kind: "calls", seed: 1, forMs: 60_000, parallel: 2, caller, lastsMs: 60_000 });
    const ended = expect(working).rejects.toThrow("SIGKILL");
    await expect.poll(() => redis().client.zcard(key)).toBe(2);
    victim.child.kill("SIGKILL");
    await ended;
    const brief = { kind: "calls", forMs: 50, parallel: 1, caller } as const;
    expect(admitted(await all(brief, workers.slice(0, 1)))).toHaveLength(0);
    // Half a minute later: the server's clock cannot be moved, what it is compared with can.
    for (const member of await redis().client.zrange(key, 0, -1))
      await redis().client.zincrby(key, -31_000_000, member);
    expect(admitted(await all(brief, workers.slice(0, 1))).length).toBeGreaterThan(0);
  });
});

describe.skipIf(missing)("while Redis is away", { timeout: 60_000 }, () => {
  let own: TestRedis | undefined;
  let lasting: Worker[] = [];
  let strict: Worker[] = [];
  beforeAll(async () => {
    own = await startTestRedis();
    lasting = await startWorkers(2, { REDIS_URL: own.url });
    strict = await startWorkers(1, { REDIS_URL: own.url, CONDUIT_REDIS_OUTAGE: "refuse" });
  });
  afterAll(async () => {
    own?.thaw();
    await Promise.all([...lasting, ...strict].map((worker) => worker.stop()));
    await own?.stop();
  });
  const store = (): TestRedis => {
    if (!own) throw new Error("Redis runs only while tests run.");
    return own;
  };

  /** Two processes let in together what one may. */
  const shareAgain = async (): Promise<void> => {
    const enter = async (): Promise<number> => {
      const caller = { key: randomUUID(), limits: { rpm: 50 } };
      return admitted(await all({ kind: "calls", forMs: 400, parallel: 2, caller }, lasting)).length;
    };
    await expect.poll(enter, { timeout: 15_000 }).toBe(50);
  };

  test("killed and restarted empty under load: each process stays within the limit, nobody fails, and then they share again", async () => {
    const alone = { kind: "calls", forMs: 5_000, parallel: 4, caller: { key: "alone", limits: { rpm: 300 } } } as const;
    const working = all(alone, lasting.slice(0, 1));
    await sleep(300);
    await store().kill();
    await sleep(1_500);
    await store().start();
    const done = await working;
    expect(admitted(done)).toHaveLength(300);
    expect(done.filter(({ outcome }) => outcome === "unavailable")).toEqual([]);
    // Connections come back by themselves, at the latest after the longest pause between attempts.
    await shareAgain();
  });

  test("silent: calls wait for it briefly and go on; when it answers they share again", async () => {
    const work = {
      kind: "calls",
      forMs: 3_000,
      parallel: 4,
      caller: { key: "silent", limits: { rpm: 100_000 } },
      pauseMs: 10,
    } as const;
    const working = all(work, lasting);
    await sleep(500);
    store().freeze();
    await sleep(1_500);
    store().thaw();
    const done = await working;
    expect(done.every(({ outcome }) => outcome === "admitted")).toBe(true);
    const waits = done.map(({ askedMs, answeredMs }) => answeredMs - askedMs).sort((one, other) => one - other);
    expect(waits.at(-1)).toBeLessThan(1_000);
    expect(waits[Math.floor(waits.length * 0.9)]).toBeLessThan(50);
    await shareAgain();
  });

  test("refused where that is the setting, until it answers again", async () => {
    const work = {
      kind: "calls",
      forMs: 2_500,
      parallel: 2,
      caller: { key: "strict", limits: { rpm: 100_000, concurrent: 10 } },
      pauseMs: 10,
    } as const;
    const working = all(work, strict);
    await sleep(500);
    store().freeze();
    await sleep(800);
    store().thaw();
    const done = await working;
    const count = (outcome: Done["outcome"]) => done.filter((one) => one.outcome === outcome).length;
    expect(count("unavailable")).toBeGreaterThan(5);
    expect(count("refused")).toBe(0);
    const lastUnavailable = done.findLastIndex(({ outcome }) => outcome === "unavailable");
    expect(done.slice(lastUnavailable + 1).length).toBeGreaterThan(5);
    await expect.poll(() => store().client.zcard("conduit:{limits}:key:strict:concurrent")).toBe(0);
  });
});

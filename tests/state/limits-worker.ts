import { setTimeout as sleep } from "node:timers/promises";
import { isGatewayError } from "@/server/errors";
import { connectRedis, disconnectRedis, redis } from "@/server/redis";
import { reserveLimits } from "@/server/state/limits";
import { flushCorrections } from "@/server/state/limits-corrections";
import { askRedis, RedisAway } from "@/server/state/limits-redis";
import type { LimitRule } from "@/server/state/limits-rules";
import { callerWith } from "@/tests/state/caller";
import { seeded } from "@/tests/state/random";

/** What a process of its own is told to do. */
export type Work = {
  readonly kind: "windows" | "calls";
  readonly forMs: number;
  /** Calls under way at once. */
  readonly parallel: number;
  readonly seed: number;
  /** For `windows`: rules with windows of any length. */
  readonly rules?: readonly LimitRule[];
  /** For `calls`: whose they are. */
  readonly caller?: Parameters<typeof callerWith>[0];
  readonly mostTokens?: number;
  /** Each call lasts at most so long. */
  readonly lastsMs?: number;
  /** The share of its tokens that a call uses, in percent. */
  readonly usesPercent?: number;
  readonly pauseMs?: number;
  /** How many calls each lane makes at most. */
  readonly most?: number;
};

/** One call: when it was asked for, let in and over, on the machine's clock; `atUs` by Redis's. */
export type Done = {
  readonly outcome: "admitted" | "refused" | "unavailable";
  readonly askedMs: number;
  readonly answeredMs: number;
  readonly overMs: number;
  readonly tokens: number;
  readonly atUs?: number;
  readonly remaining?: number | undefined;
};

const now = (): number => performance.timeOrigin + performance.now();

async function lane(work: Work, done: Done[], seed: number): Promise<void> {
  const random = seeded(seed);
  const until = now() + work.forMs;
  for (let turn = 0; now() < until && turn < (work.most ?? Number.POSITIVE_INFINITY); turn++) {
    const tokens = random.between(1, work.mostTokens ?? 1);
    done.push(await (work.kind === "windows" ? ask(work.rules ?? [], tokens, seed) : call(work, tokens, random)));
    if (work.pauseMs) await sleep(random.below(work.pauseMs));
  }
}

async function ask(rules: readonly LimitRule[], tokens: number, seed: number): Promise<Done> {
  const askedMs = now();
  try {
    const { refusedBy, atUs } = await askRedis(rules, { tokens, member: `${process.pid}:${seed}:${askedMs}` });
    const answeredMs = now();
    return { outcome: refusedBy ? "refused" : "admitted", askedMs, answeredMs, overMs: answeredMs, tokens, atUs };
  } catch (error) {
    if (!(error instanceof RedisAway)) throw error;
    return { outcome: "unavailable", askedMs, answeredMs: now(), overMs: now(), tokens };
  }
}

async function call(work: Work, tokens: number, random: ReturnType<typeof seeded>): Promise<Done> {
  const askedMs = now();
  try {
    const limited = await reserveLimits(callerWith(work.caller ?? {}), "m", tokens, performance.now());
    const answeredMs = now();
    const base = { askedMs, answeredMs, tokens, remaining: limited.facts.tokens?.remaining };
    if (!limited.admitted) {
      // A refused caller takes a breath, so that Redis and the other processes get theirs.
      await sleep(1);
      return { ...base, outcome: "refused", overMs: answeredMs };
    }
    if (work.lastsMs) await sleep(random.below(work.lastsMs));
    const overMs = now();
    limited.hold.settleTokens(Math.floor((tokens * (work.usesPercent ?? 100)) / 100), performance.now());
    limited.hold.giveBack();
    return { ...base, outcome: "admitted", overMs };
  } catch (error) {
    if (!isGatewayError(error) || error.kind !== "store_unavailable") throw error;
    await sleep(1);
    return { outcome: "unavailable", askedMs, answeredMs: now(), overMs: now(), tokens };
  }
}

process.on("message", async (work: Work) => {
  const done: Done[] = [];
  const lanes = Array.from({ length: work.parallel }, (_, index) => lane(work, done, work.seed * 1_000 + index));
  await Promise.all(lanes);
  await flushCorrections();
  process.send?.(done);
});
process.on("disconnect", () => {
  disconnectRedis();
  process.exit(0);
});

await connectRedis();
while (!redis()) await sleep(10);
process.send?.("ready");

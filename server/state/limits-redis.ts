import { env } from "@/server/env";
import { log } from "@/server/log";
import { redis } from "@/server/redis";
import { singleton } from "@/server/singleton";
import type { LimitFacts, RuleState } from "@/server/state/limits-facts";
import { factsOf, type RefusedBy, refusalOf } from "@/server/state/limits-facts";
import type { LimitRule } from "@/server/state/limits-rules";
import { correctScript, reserveScript } from "@/server/state/limits-script";
import { runScript } from "@/server/state/redis-script";

/** A call waits for Redis at most so long. */
const ANSWER_MS = 50;
/** After an answer that did not come, one call in so long tries again; the others go on without at once. */
const PAUSE_MS = 500;
/** Places of a process that is gone lapse after so long; one that lives renews them well before. */
export const PLACE_LAPSE_MS = 30_000;

/** Says that Redis was not asked, or did not answer in time. */
export class RedisAway extends Error {
  override readonly name = "RedisAway";
}

/** What Redis says to a call; `atUs` is the moment by its clock. */
export type SharedAnswer = {
  readonly facts: LimitFacts;
  readonly refusedBy: RefusedBy | undefined;
  readonly atUs: number;
};

/** One correction of a counter, in the terms of the script. */
export type Correction = { readonly id: string; readonly words: readonly (string | number)[] };

const held = singleton("limits-redis", () => ({ pausedUntilMs: 0, away: false }));

/** Asks for all that a call needs of every rule in one round trip, or only how they stand. Throws RedisAway. */
export async function askRedis(
  rules: readonly LimitRule[],
  { tokens, member }: { tokens: number; member: string | undefined },
): Promise<SharedAnswer> {
  const words = rules.flatMap(({ counts, limit, windowMs }) => [
    windowMs * 1_000,
    limit,
    counts === "tokens" ? tokens : 1,
  ]);
  const lead = [member === undefined ? 0 : 1, member ?? "", PLACE_LAPSE_MS * 1_000];
  const answer = await inTime(
    runScript(
      reserveScript,
      rules.map(({ id }) => counter(id)),
      [...lead, ...words],
    ),
  );
  const numbers = Array.isArray(answer) ? answer.map(Number) : [];
  const stateOf = (_rule: LimitRule, index: number): RuleState => {
    const [used = 0, resetUs = 0, waitUs = 0] = numbers.slice(2 + 3 * index, 5 + 3 * index);
    return { used, resetMs: resetUs / 1_000, waitMs: waitUs < 0 ? undefined : waitUs / 1_000 };
  };
  const refusedBy = refusalOf(rules, (rule, index) => stateOf(rule, index).waitMs);
  return { facts: factsOf(rules, stateOf), refusedBy, atUs: numbers[1] ?? 0 };
}

/** Applies corrections, in one round trip. Rejects when Redis does not take them. */
export async function correctInRedis(corrections: readonly Correction[]): Promise<void> {
  const keys = corrections.map(({ id }) => counter(id));
  await runScript(
    correctScript,
    keys,
    corrections.flatMap(({ words }) => [...words]),
  );
}

/** All counters are of one hash slot, because one script reads several. */
function counter(id: string): string {
  return `{limits}:${id}`;
}

/** Whether Redis is worth asking now. Of the calls that come while it is silent one at a time finds out. */
export function mayAskRedis(): boolean {
  if (!redis()) return false;
  const nowMs = performance.now();
  if (nowMs < held.pausedUntilMs) return false;
  if (held.away) held.pausedUntilMs = nowMs + PAUSE_MS;
  return true;
}

async function inTime(answer: Promise<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const giveUp = () => reject(new RedisAway(`Redis did not answer within ${ANSWER_MS} ms.`));
    // A process that was busy itself first looks whether the answer has come.
    timer = setTimeout(() => setImmediate(giveUp), ANSWER_MS);
  });
  try {
    const value = await Promise.race([answer, late]);
    if (held.away) log.info("Limits are shared through Redis again.");
    held.away = false;
    held.pausedUntilMs = 0;
    return value;
  } catch (error) {
    if (!held.away)
      log.warn({ err: error, outage: env.redisOutage }, "Redis does not answer; limits are kept without it.");
    held.away = true;
    held.pausedUntilMs = performance.now() + PAUSE_MS;
    throw error instanceof RedisAway ? error : new RedisAway("Redis failed.", { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

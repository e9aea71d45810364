import { env } from "@/server/env";
import { GatewayError } from "@/server/errors";
import { countOutage, countRefusal } from "@/server/metrics";
import { singleton } from "@/server/singleton";
import type { Caller } from "@/server/state/callers";
import { correctSoon, freePlaces, holdPlaces, newMember, sendCorrections } from "@/server/state/limits-corrections";
import type { LimitFacts, RefusedBy } from "@/server/state/limits-facts";
import { type Hold, MemoryLimits } from "@/server/state/limits-memory";
import { askRedis, type Correction, mayAskRedis, RedisAway } from "@/server/state/limits-redis";
import { type LimitRule, rulesFor } from "@/server/state/limits-rules";

/** What a call holds of the limits that let it in. */
export type Admission = { readonly admitted: true; readonly facts: LimitFacts; readonly hold: Hold };

/** Whether a call comes within every limit. A refused one has consumed nothing anywhere. */
export type Limited =
  | Admission
  | { readonly admitted: false; readonly facts: LimitFacts; readonly refusedBy: RefusedBy };

const memory = singleton("limits", () => new MemoryLimits());

const nothing = () => undefined;
const unlimited: Limited = {
  admitted: true,
  facts: { requests: undefined, tokens: undefined },
  hold: { giveBack: nothing, settleTokens: nothing, undo: nothing },
};

/**
 * Takes what a call needs of all its limits (the gateway's, its group's, its key's, its model's), or nothing. `tokens` is an
 * estimate of all it will use; `nowMs` is of a monotonic clock, as `performance.now()` is. Without Redis the answer is no promise.
 * With Redis it takes one round trip; while Redis is away the process goes on with its own count, or, where
 * CONDUIT_REDIS_OUTAGE is `refuse`, throws `store_unavailable`.
 */
export function reserveLimits(
  caller: Caller,
  model: string,
  tokens: number,
  nowMs: number,
): Limited | Promise<Limited> {
  return reserveRules(rulesFor(caller, model), tokens, nowMs);
}

/** The same of these limits alone; `refused` is told of the limit that stands against the call. */
export function reserveRules(
  rules: readonly LimitRule[],
  tokens: number,
  nowMs: number,
  refused: (rule: LimitRule) => void = countRefusal,
): Limited | Promise<Limited> {
  if (rules.length === 0) return unlimited;
  const reserved = Math.max(0, Math.ceil(tokens));
  // Also with Redis: what this process alone let in stays within the limits, whatever becomes of Redis meanwhile.
  const local = memory.reserve(rules, reserved, nowMs);
  if (!local.admitted) {
    refused(local.refusedBy.rule);
    return local;
  }
  const { facts, hold } = local;
  if (!env.redisUrl) return local;
  const shared = { rules, reserved, member: newMember(), hold };
  if (!mayAskRedis()) return { admitted: true, facts, hold: withoutRedis(shared) };
  sendCorrections();
  return askRedis(rules, { tokens: reserved, member: shared.member }).then(
    (answer) => {
      if (!answer.refusedBy) return { admitted: true, facts: answer.facts, hold: sharedHold(shared, answer.atUs) };
      hold.undo();
      refused(answer.refusedBy.rule);
      return { admitted: false, facts: answer.facts, refusedBy: answer.refusedBy };
    },
    (error: unknown) => {
      if (error instanceof RedisAway) return { admitted: true, facts, hold: withoutRedis(shared) };
      hold.undo();
      throw error;
    },
  );
}

/** How a caller's limits stand for a model, without taking anything: for answers to calls that ask for nothing of a model. */
export function lookAtLimits(caller: Caller, model: string, nowMs: number): LimitFacts | Promise<LimitFacts> {
  const rules = rulesFor(caller, model);
  if (rules.length === 0) return unlimited.facts;
  const own = memory.facts(rules, nowMs);
  if (!env.redisUrl || !mayAskRedis()) return own;
  return askRedis(rules, { tokens: 0, member: undefined }).then(
    ({ facts }) => facts,
    () => own,
  );
}

/** The limit that would stand against a call now, without taking anything; undefined where none would. Throws as `reserveLimits` does. */
export async function limitAgainst(caller: Caller, model: string, tokens: number): Promise<RefusedBy | undefined> {
  const rules = rulesFor(caller, model);
  const reserved = Math.max(0, Math.ceil(tokens));
  const own = memory.refusal(rules, reserved, performance.now());
  if (own || rules.length === 0 || !env.redisUrl) return own;
  try {
    if (mayAskRedis()) return (await askRedis(rules, { tokens: reserved, member: undefined })).refusedBy;
  } catch (error) {
    if (!(error instanceof RedisAway)) throw error;
  }
  if (env.redisOutage === "refuse") throw unchecked();
  return undefined;
}

type Shared = {
  readonly rules: readonly LimitRule[];
  readonly reserved: number;
  readonly member: string;
  readonly hold: Hold;
};

/** What a call holds in this process and, since `atUs` by Redis's clock, in Redis. */
function sharedHold(shared: Shared, atUs: number): Hold {
  const { rules, reserved } = shared;
  const local = placesInBoth(shared);
  let open = true;
  return {
    giveBack: () => local.giveBack(),
    settleTokens: (actual, nowMs) => {
      local.settleTokens(actual, nowMs);
      if (open) correctSoon(tokenCorrections(shared, actual, atUs));
      open = false;
    },
    undo: () => {
      local.undo();
      const windows = rules.filter(({ counts }) => counts !== "calls");
      if (open) correctSoon(windows.map((rule) => less(rule, rule.counts === "tokens" ? reserved : 1, atUs)));
      open = false;
    },
  };
}

/** Goes on with this process's own count, or refuses. Redis may have heard of the call all the same: its places are given back. */
function withoutRedis(shared: Shared): Hold {
  countOutage(env.redisOutage);
  const hold = placesInBoth(shared);
  if (env.redisOutage === "memory") return hold;
  hold.undo();
  throw unchecked();
}

function unchecked(): GatewayError {
  return new GatewayError("store_unavailable", "Limits cannot be checked right now. Try again shortly.", {
    retryAfterSeconds: 1,
  });
}

/** What a call holds in this process, and its places in Redis. */
function placesInBoth({ rules, member, hold }: Shared): Hold {
  holdPlaces(
    member,
    rules.filter(({ counts }) => counts === "calls").map(({ id }) => id),
  );
  return {
    giveBack: () => {
      hold.giveBack();
      freePlaces(member);
    },
    settleTokens: (actual, nowMs) => hold.settleTokens(actual, nowMs),
    undo: () => {
      hold.undo();
      freePlaces(member);
    },
  };
}

function tokenCorrections({ rules, reserved }: Shared, actual: number, atUs: number): Correction[] {
  if (actual === reserved) return [];
  const ofTokens = rules.filter(({ counts }) => counts === "tokens");
  return ofTokens.map((rule) => {
    if (actual < reserved) return less(rule, reserved - actual, atUs);
    return { id: rule.id, words: ["more", rule.windowMs * 1_000, rule.limit, actual - reserved] };
  });
}

function less({ id, windowMs }: LimitRule, amount: number, atUs: number): Correction {
  return { id, words: ["less", windowMs * 1_000, atUs, amount] };
}

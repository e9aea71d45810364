import type { JsonObject } from "@/server/dialects/dialect";
import { affordableTokens, type Bound, boundOf, costBound, longestAnswer, widest } from "@/server/gateway/bound";
import type { Call, CallTarget } from "@/server/gateway/call";
import { promptTokens } from "@/server/gateway/eligible";
import { limitRefusal } from "@/server/gateway/limit-refusal";
import { isLimitedByServing, lookFirst, takeFirst, undoLimits } from "@/server/gateway/model-limits";
import { namesOf, type OtherModels, otherModels, pursesBeside, unpaid } from "@/server/gateway/other-models";
import { type Stage, targetsOf } from "@/server/gateway/resolve";
import { affordable, againstHold, canHold, hold, lookAffordable, pursesOf } from "@/server/state/budgets";
import type { Caller } from "@/server/state/callers";
import { priceAt } from "@/server/state/catalog";
import { refuseWithoutJournal } from "@/server/state/journal";
import { type Limited, limitAgainst, reserveLimits, reserveRules } from "@/server/state/limits";
import { commonRules } from "@/server/state/limits-rules";
import { refuseUnpriced } from "@/server/state/unpriced";

/** Tokens of an answer that limits reckon with where the caller set no limit, and the most that they do. */
const ESTIMATED_ANSWER = 512;
const LONGEST_ESTIMATE = 4_096;
/** A million dollars: no call costs more, whatever it asks for, and sums of it fit where sums are kept. */
const MOST_NANO = 10n ** 15n;

/** A request as far as its admission looks at it. */
export type Asking = {
  readonly bytes: Buffer;
  readonly body: JsonObject;
  /** Tokens that come into the prompt beside those of the request's own bytes. */
  readonly besideTokens?: number | undefined;
  readonly targets: readonly CallTarget[];
  /** Where the call may go; of the models that it names beside its first the budgets are held too. */
  readonly stages?: readonly Stage[];
  /** The limit on the answer's tokens that the request sets. */
  readonly askedTokens?: number | undefined;
  /** The same request as some of the targets get it. */
  readonly others?: readonly Pick<Asking, "bytes" | "body" | "askedTokens">[];
  /** Sets a limit on the answer's tokens in the request; absent where an answer has none. */
  readonly limitOutput?: (tokens: number) => void;
};

/**
 * Lets a call in: a place among the key's parallel calls, and the money that it may cost at most, all given back or settled with
 * the call. Waits for the database only where a lease on a budget is used up. Throws `rate_limited`, `budget_exceeded` or
 * `store_unavailable`.
 */
export function admit(call: Call, caller: Caller, asking: Asking): Promise<void> | undefined {
  refuseWithoutJournal();
  const { targets } = asking;
  const priced = targets.some(({ deployment }) => deployment && priceAt(deployment, call.startedAtMs));
  if (!priced) refuseUnpriced(call.model ?? "");
  const bound = reckoned(asking);
  call.requestTokens = promptTokens(asking.bytes);
  const tokens = call.requestTokens + estimateOf(bound, asking);
  if (isLimitedByServing(call, asking.stages)) return admitOne(call, caller, { bound, asking, tokens });
  const entering = enter(call, caller, tokens);
  const purses = pursesOf(caller, namesOf(call.model ?? "", targets), call.startedAtMs);
  const others = otherModels(call, asking.stages, purses);
  if (others) return (entering ?? Promise.resolve()).then(() => holdForAll(call, { purses, bound, asking }, others));
  if (purses.length === 0) return entering;
  return entering
    ? entering.then(() => holdMoney(call, { purses, bound, asking }))
    : holdMoney(call, { purses, bound, asking });
}

/** The same of a call that names several models whose limits may differ: those that have no room for it are as if it did not name them. */
async function admitOne(
  call: Call,
  caller: Caller,
  { bound, asking, tokens }: Omit<Holding, "purses"> & { readonly tokens: number },
): Promise<void> {
  call.reservedTokens = tokens;
  within(call, await reserveRules(commonRules(caller), tokens, performance.now()));
  const stages = await takeFirst(call, asking.stages ?? []);
  const left = { ...asking, stages, targets: targetsOf(stages) };
  const purses = pursesOf(caller, namesOf(call.model ?? "", left.targets), call.startedAtMs);
  const holding = { purses, bound, asking: left };
  const others = otherModels(call, stages, purses);
  if (others) await holdForAll(call, holding, others);
  else if (purses.length > 0) await holdMoney(call, holding);
}

/** How a call would be let in. */
export type Admitted = {
  /** How many tokens of its answer the budgets pay for; undefined where they limit nothing. */
  readonly limit: number | undefined;
  /** Whether they would pay for a second attempt beside the first. */
  readonly paysTwice: boolean;
};

/** Whether a call would be let in now, without taking anything. Throws what `admit` does. */
export async function wouldAdmit(call: Call, caller: Caller, asking: Asking): Promise<Admitted> {
  refuseWithoutJournal();
  const { limitOutput } = asking;
  const now = call.startedAtMs;
  if (!asking.targets.some(({ deployment }) => deployment && priceAt(deployment, now)))
    refuseUnpriced(call.model ?? "");
  const bound = reckoned(asking);
  const targets = await wouldEnter(call, caller, { bound, asking });
  const purses = pursesOf(caller, namesOf(call.model ?? "", targets), now);
  const { amount } = mostOf(call, bound, { ...asking, targets });
  const refusal = await againstHold(purses, amount);
  if (!refusal) return { limit: undefined, paysTwice: !(await againstHold(purses, 2n * amount)) };
  const mayLimit = bound.askedTokens === undefined && limitOutput !== undefined;
  const left = mayLimit ? await lookAffordable(purses) : undefined;
  const limit = limitFor({ bound, targets, amount, now }, left);
  if (limit === undefined) throw refusal;
  return { limit, paysTwice: false };
}

/** The targets that limits would leave, without taking anything. Throws `rate_limited`. */
async function wouldEnter(
  call: Call,
  caller: Caller,
  { bound, asking }: Omit<Holding, "purses">,
): Promise<readonly CallTarget[]> {
  const { bytes, targets, stages = [] } = asking;
  const tokens = promptTokens(bytes) + estimateOf(bound, asking);
  if (caller.modelLimits.length > 0 && stages.length > 0) return targetsOf(await lookFirst(call, stages, tokens));
  const refusedBy = await limitAgainst(caller, call.model ?? "", tokens);
  if (refusedBy) throw limitRefusal(refusedBy);
  return targets;
}

/** Bounds of what a call may use, with what comes into the prompt beside its own bytes. */
function reckoned(asking: Asking): Bound {
  const { others, besideTokens } = asking;
  const own = boundOf(asking);
  const bound = others?.length ? widest(own, others.map(boundOf)) : own;
  return besideTokens ? { ...bound, inputTokens: bound.inputTokens + besideTokens } : bound;
}

/** Takes what a call needs of its limits; all that a question needs which costs nothing. Throws `rate_limited`. */
export function enter(call: Call, caller: Caller, tokens = 0): Promise<void> | undefined {
  call.reservedTokens = tokens;
  const limiting = reserveLimits(caller, call.model ?? "", tokens, performance.now());
  if (!(limiting instanceof Promise)) {
    within(call, limiting);
    return undefined;
  }
  return limiting.then((limited) => within(call, limited));
}

function within(call: Call, limited: Limited): void {
  call.limitFacts = limited.facts;
  if (!limited.admitted) throw limitRefusal(limited.refusedBy);
  call.limits = limited.hold;
}

/** What is reserved of the limits on tokens beside the prompt, until the true number is known: a usual answer. */
function estimateOf({ askedTokens, answers }: Bound, { besideTokens = 0, limitOutput }: Asking): number {
  const answer = limitOutput ? Math.min(askedTokens ?? ESTIMATED_ANSWER, LONGEST_ESTIMATE) * answers : 0;
  return besideTokens + answer;
}

type Holding = { readonly purses: ReturnType<typeof pursesOf>; readonly bound: Bound; readonly asking: Asking };

/** The most that a call can cost, and the tokens of each answer that this is reckoned with. */
function mostOf(
  call: Call,
  bound: Bound,
  { targets, limitOutput }: Asking,
): { readonly tokens: number; readonly amount: bigint } {
  const tokens = limitOutput ? (bound.askedTokens ?? longestAnswer(targets, call.stream)) : 0;
  // Nothing is known of what it costs: it is counted as unpriced, and holds nothing.
  const amount = costBound(bound, targets, tokens, call.startedAtMs) ?? 0n;
  return { tokens, amount: amount > MOST_NANO ? MOST_NANO : amount };
}

/** Without a limit of the caller's own the answer is bounded by what is affordable. */
function holdMoney(call: Call, { purses, bound, asking }: Holding): Promise<void> | undefined {
  const { targets, limitOutput } = asking;
  const now = call.startedAtMs;
  const { tokens, amount } = mostOf(call, bound, asking);
  // A stream holds more as it goes on; an answer that the provider keeps short does not need to.
  const heldTokens = call.stream && bound.askedTokens === undefined ? tokens * bound.answers : undefined;
  if (bound.askedTokens !== undefined || !limitOutput || canHold(purses, amount))
    return take(call, { purses, amount, heldTokens });
  return limitByMoney(purses, { bound, targets, amount, now }).then((limit) => {
    if (limit === undefined) return take(call, { purses, amount, heldTokens });
    limitOutput(limit);
    return take(call, { purses, amount: costBound(bound, targets, limit, now) ?? 0n, heldTokens: undefined });
  });
}

/** Money of all models that the call names, or of the first alone where the budgets of the others do not pay for it. */
async function holdForAll(call: Call, holding: Holding, others: OtherModels): Promise<void> {
  const beside = pursesBeside(others);
  const { amount } = mostOf(call, holding.bound, holding.asking);
  const refusal = await againstHold(beside, amount);
  const purses = refusal ? holding.purses : [...holding.purses, ...beside];
  if (refusal) call.unpaid = unpaid(others);
  else call.others = others;
  if (purses.length > 0) await holdMoney(call, { ...holding, purses });
}

type Taking = {
  readonly purses: ReturnType<typeof pursesOf>;
  readonly amount: bigint;
  readonly heldTokens: number | undefined;
};

function take(call: Call, { purses, amount, heldTokens }: Taking): Promise<void> | undefined {
  const holding = hold(purses, amount, call.startedAtMs);
  if (heldTokens !== undefined) call.heldAnswer = { tokens: heldTokens, isAsking: false };
  if (!(holding instanceof Promise)) {
    call.hold = holding;
    return undefined;
  }
  return holding.then(
    (held) => {
      call.hold = held;
    },
    (error: unknown) => {
      // For the limits it is as if the call had never come.
      undoLimits(call);
      throw error;
    },
  );
}

type Wanting = {
  readonly bound: Bound;
  readonly targets: readonly CallTarget[];
  readonly amount: bigint;
  readonly now: number;
};

/** How long the answer may be for what is left; undefined where the usual length is affordable, or not even a short answer is. */
async function limitByMoney(purses: ReturnType<typeof pursesOf>, wanting: Wanting): Promise<number | undefined> {
  return limitFor(wanting, await affordable(purses, wanting.amount, wanting.now));
}

function limitFor({ bound, targets, amount, now }: Wanting, left: bigint | undefined): number | undefined {
  if (left === undefined || left >= amount) return undefined;
  const tokens = Math.floor(affordableTokens(bound, targets, left, now) ?? 0);
  return tokens >= 1 ? tokens : undefined;
}

import type { JsonObject } from "@/server/dialects/dialect";
import { GatewayError } from "@/server/errors";
import { affordableTokens, type Bound, boundOf, costBound, USUAL_OUTPUT_TOKENS } from "@/server/gateway/bound";
import type { Call, CallTarget } from "@/server/gateway/call";
import { affordable, hold, pursesOf } from "@/server/state/budgets";
import type { Caller } from "@/server/state/callers";
import { occupy, release } from "@/server/state/concurrency";
import { refuseWithoutJournal } from "@/server/state/journal";

/** A request as far as its admission looks at it. */
export type Asking = {
  readonly bytes: Buffer;
  readonly body: JsonObject;
  readonly targets: readonly CallTarget[];
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
  enter(call, caller);
  const purses = pursesOf(caller, call.model ?? "", call.startedAtMs);
  return purses.length > 0 ? holdMoney(call, purses, asking) : undefined;
}

/** Takes a place among the key's parallel calls: all that a question needs which costs nothing. Throws `rate_limited`. */
export function enter(call: Call, caller: Caller): void {
  const { concurrent } = caller.limits;
  if (!occupy(caller.keyId, concurrent)) {
    throw new GatewayError("rate_limited", `This key may have ${concurrent} calls under way at the same time.`, {
      retryAfterSeconds: 1,
    });
  }
  call.reservations.push(() => release(caller.keyId));
}

/** Without a limit of the caller's own the answer is bounded by what is affordable. */
async function holdMoney(call: Call, purses: ReturnType<typeof pursesOf>, asking: Asking): Promise<void> {
  const { targets, limitOutput } = asking;
  const now = call.startedAtMs;
  const bound = boundOf(asking.bytes, asking.body);
  let tokens = limitOutput ? (bound.askedTokens ?? USUAL_OUTPUT_TOKENS) : 0;
  let amount = costBound(bound, targets, tokens, now);
  // Nothing is known of what it costs: it is counted as unpriced, and holds nothing.
  if (amount === undefined) amount = 0n;
  if (bound.askedTokens === undefined && limitOutput && amount > 0n) {
    const limit = await limitByMoney(purses, { bound, targets, amount, now });
    if (limit !== undefined) {
      tokens = limit;
      limitOutput(limit);
      amount = costBound(bound, targets, limit, now) ?? 0n;
    }
  }
  const holding = hold(purses, amount, now);
  call.hold = holding instanceof Promise ? await holding : holding;
  call.heldTokens = bound.askedTokens === undefined ? tokens : undefined;
}

type Wanting = {
  readonly bound: Bound;
  readonly targets: readonly CallTarget[];
  readonly amount: bigint;
  readonly now: number;
};

/** How long the answer may be for what is left; undefined where the usual length is affordable, or not even a short answer is. */
async function limitByMoney(
  purses: ReturnType<typeof pursesOf>,
  { bound, targets, amount, now }: Wanting,
): Promise<number | undefined> {
  if (purses.every((purse) => purse.free >= amount)) return undefined;
  const left = await affordable(purses, amount, now);
  if (left === undefined || left >= amount) return undefined;
  const tokens = Math.floor((affordableTokens(bound, targets, left, now) ?? 0) / bound.answers);
  return tokens >= 1 ? tokens : undefined;
}

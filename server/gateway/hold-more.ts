import { asGatewayError, type GatewayError } from "@/server/errors";
import type { Call } from "@/server/gateway/call";
import { costOf } from "@/server/money";
import { budgetExceeded } from "@/server/state/budget-refusal";
import { extend } from "@/server/state/budgets";
import { priceAt } from "@/server/state/catalog";
import { noUsage } from "@/server/wire/usage";

/** How much of an answer a hold pays for. Each attempt that goes on with a stream has its own. */
export type HeldAnswer = { tokens: number; isAsking: boolean };

/** Tokens that are held for at a time, and how near the end of what is held the next are asked for. */
const BLOCK_TOKENS = 8_192;
const AHEAD_TOKENS = 1_024;

/**
 * Holds more money for a stream that nears the end of what is held for its answer. Where no more is to be had and all of that is
 * used, `stop` gets the `budget_exceeded` that ends it.
 */
export function holdMore(call: Call, producedTokens: number, stop: (error: GatewayError) => void): void {
  const { hold, heldAnswer } = call;
  if (!hold || !heldAnswer || heldAnswer.isAsking || producedTokens + AHEAD_TOKENS < heldAnswer.tokens) return;
  const deployment = call.target?.deployment;
  const price = deployment && priceAt(deployment, call.startedAtMs);
  if (!price) return;
  const output = costOf({ ...noUsage, output: BLOCK_TOKENS }, price.rates);
  const reasoning = costOf({ ...noUsage, reasoning: BLOCK_TOKENS }, price.rates);
  // What comes when the stream has broken off, and another attempt goes on with it, is of no attempt any more.
  heldAnswer.isAsking = true;
  extend(hold, output > reasoning ? output : reasoning, Date.now()).then(
    (held) => {
      if (held) heldAnswer.tokens += BLOCK_TOKENS;
      if (held || producedTokens < heldAnswer.tokens) heldAnswer.isAsking = false;
      else if (!call.settled) stop(budgetExceeded("The budget was used up while the answer was being written."));
    },
    (error: unknown) => stop(asGatewayError(error)),
  );
}

/**
 * Holds as much again as the call held at first, of which `tokens` were for its answer: what a broken attempt has cost is spent of that.
 * False where that is not to be had.
 */
export async function holdAgain(call: Call, tokens: number | undefined): Promise<boolean> {
  call.heldAnswer = tokens === undefined ? undefined : { tokens, isAsking: false };
  return !call.hold || extend(call.hold, call.hold.first, Date.now());
}

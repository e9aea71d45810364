import { asGatewayError, type GatewayError } from "@/server/errors";
import type { Call } from "@/server/gateway/call";
import { costOf } from "@/server/money";
import { budgetExceeded } from "@/server/state/budget-refusal";
import { extend } from "@/server/state/budgets";
import { priceAt } from "@/server/state/catalog";
import { noUsage } from "@/server/wire/usage";

/** Tokens that are held for at a time, and how near the end of what is held the next are asked for. */
const BLOCK_TOKENS = 8_192;
const AHEAD_TOKENS = 1_024;

/**
 * Holds more money for a stream that nears the end of what is held for its answer. Where no more is to be had and all of that is
 * used, `stop` gets the `budget_exceeded` that ends it.
 */
export function holdMore(call: Call, producedTokens: number, stop: (error: GatewayError) => void): void {
  const { hold, heldTokens } = call;
  if (!hold || heldTokens === undefined || producedTokens + AHEAD_TOKENS < heldTokens) return;
  const deployment = call.target?.deployment;
  const price = deployment && priceAt(deployment, call.startedAtMs);
  if (!price) return;
  const output = costOf({ ...noUsage, output: BLOCK_TOKENS }, price.rates);
  const reasoning = costOf({ ...noUsage, reasoning: BLOCK_TOKENS }, price.rates);
  // Until the answer is there, nobody asks again.
  call.heldTokens = undefined;
  extend(hold, output > reasoning ? output : reasoning, Date.now()).then(
    (held) => {
      if (held) call.heldTokens = heldTokens + BLOCK_TOKENS;
      else if (producedTokens < heldTokens) call.heldTokens = heldTokens;
      else if (!call.settled) stop(budgetExceeded("The budget was used up while the answer was being written."));
    },
    (error: unknown) => stop(asGatewayError(error)),
  );
}

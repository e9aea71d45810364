import { env } from "@/server/env";
import { GatewayError } from "@/server/errors";
import { type NanoUsd, usdText } from "@/server/money";
import type { Leased } from "@/server/state/leases";

/** A purse as its refusal speaks of it. */
type Refusing = {
  readonly name: string;
  readonly window: { readonly endsMs: number | null };
  readonly free: NanoUsd;
  readonly held: NanoUsd;
};

/**
 * Why a purse does not pay for a call that may need `amount`: `rate_limited` where calls under way only hold what would do, else
 * `budget_exceeded`.
 */
export function budgetRefusal(purse: Refusing, leased: Omit<Leased, "purseId">, amount: NanoUsd): GatewayError {
  const { available, limit, elsewhere } = leased;
  const name = purse.name[0]?.toUpperCase() + purse.name.slice(1);
  // The database learns of what was spent with the next flush; what is leased and neither free nor held is spent already.
  const left = available + purse.free + purse.held + elsewhere;
  if (left >= amount && (purse.held > 0n || elsewhere > 0n)) {
    return new GatewayError(
      "rate_limited",
      `${name} has $${usdText(left)} left, which calls under way hold: this call may need $${usdText(amount)} of the $${usdText(available > 0n ? available : 0n)} that they do not. Try again shortly, or lower max_tokens.`,
      { retryAfterSeconds: 1 },
    );
  }
  const { endsMs } = purse.window;
  const resets = endsMs === null ? "" : ` It begins anew at ${new Date(endsMs).toISOString()}.`;
  return budgetExceeded(
    `${name} is used up: $${usdText(limit - left)} of $${usdText(limit)} is spent, and this call may need $${usdText(amount)}.${resets}`,
  );
}

/** The `budget_exceeded` with the status that the operator chose. */
export function budgetExceeded(message: string): GatewayError {
  return new GatewayError("budget_exceeded", message, { status: env.budgetStatus });
}

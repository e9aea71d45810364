import { GatewayError } from "@/server/errors";
import type { Call } from "@/server/gateway/call";
import type { Caller } from "@/server/state/callers";
import { occupy, release } from "@/server/state/concurrency";

/** Lets a call in: one place among the key's parallel calls, given back when it is settled. Throws `rate_limited`. */
export function admit(call: Call, caller: Caller): void {
  const { concurrent } = caller.limits;
  if (!occupy(caller.keyId, concurrent)) {
    throw new GatewayError("rate_limited", `This key may have ${concurrent} calls under way at the same time.`, {
      retryAfterSeconds: 1,
    });
  }
  call.reservations.push(() => release(caller.keyId));
}

import { GatewayError } from "@/server/errors";
import type { RefusedBy } from "@/server/state/limits-facts";
import type { LimitRule } from "@/server/state/limits-rules";

const units = {
  rpm: "requests per minute",
  rph: "requests per hour",
  rpd: "requests per day",
  tpm: "tokens per minute",
  tpd: "tokens per day",
  concurrent: "calls at the same time",
} as const satisfies Record<LimitRule["kind"], string>;

/** The `rate_limited` that tells a caller which limit stands against the call, and for how long. */
export function limitRefusal({ rule, retryAfterSeconds }: RefusedBy): GatewayError {
  const limit = `${ownerOf(rule)}: ${rule.limit} ${units[rule.kind]}`;
  if (retryAfterSeconds === undefined)
    return new GatewayError("rate_limited", `This request is larger than the limit of ${limit}. Make it shorter.`);
  const seconds = Math.max(1, Math.ceil(retryAfterSeconds));
  const message = `The limit of ${limit} is reached. Try again in ${seconds} ${seconds === 1 ? "second" : "seconds"}.`;
  return new GatewayError("rate_limited", message, { retryAfterSeconds: seconds });
}

function ownerOf({ scope, name }: LimitRule): string {
  switch (scope) {
    case "global":
      return "this gateway";
    case "group":
      return `the group "${name}"`;
    case "key":
      return `the key "${name}"`;
    case "model":
      return `this key for "${name}"`;
    default:
      return scope satisfies never;
  }
}

import type { GatewayError } from "@/server/errors";

/**
 * What to do after a failed attempt:
 * - `again`: this target may serve after a pause, and so may others.
 * - `at-once`: as `again`, without the pause, when it is asked in another way.
 * - `limited`: as `again`, and with another of its provider's keys at once.
 * - `other-key`: the target may with another of its provider's keys only.
 * - `elsewhere`: others may, this one not within this call.
 * - `larger`: only another model, with a larger context window, may.
 * - `policy`: refused for its content; only a model that is named for that may.
 * - `final`: the caller's to mend; no target would do better.
 */
export type Verdict = "again" | "at-once" | "limited" | "other-key" | "elsewhere" | "larger" | "policy" | "final";

/** As vendors and servers of open models write it. */
const TOO_LONG = new RegExp(
  [
    "context (?:length|window|size)",
    "maximum (?:context|prompt|model) length",
    "(?:prompt|input|request) is too long",
    "too many (?:input )?tokens",
    "exceeds? the (?:maximum|limit of) .*tokens",
    "`inputs` (?:tokens \\+|must have less than)",
    "range of input length",
  ].join("|"),
  "i",
);
const POLICY =
  /content.?(?:policy|filter|management)|safety system|moderation|responsible ai|data.?inspection|inappropriate content|content exists risk/i;

const ELSEWHERE: ReadonlySet<number> = new Set([404, 405, 413]);

/** What a failure means for the attempts that are left. */
export function verdictOf(error: GatewayError): Verdict {
  switch (error.kind) {
    case "upstream_unavailable":
    case "upstream_garbled":
      return "again";
    case "upstream_rate_limited":
      return "limited";
    case "upstream_denied":
      return "other-key";
    // A route that was silent once is not waited for a second time.
    case "upstream_timeout":
      return "elsewhere";
    case "upstream_rejected":
      return rejection(error);
    // What this target cannot take, another may.
    case "invalid_request":
      return "elsewhere";
    default:
      return "final";
  }
}

function rejection({ code, message, status }: GatewayError): Verdict {
  if (code === "context_length_exceeded" || code === "string_above_max_length" || TOO_LONG.test(message))
    return "larger";
  if ((code !== null && POLICY.test(code)) || POLICY.test(message)) return "policy";
  // The vendor does not know the model or the path, which is the operator's mistake, or takes no request of that size: others may.
  return status !== undefined && ELSEWHERE.has(status) ? "elsewhere" : "final";
}

import type { LimitFacts } from "@/server/state/limits-facts";

/**
 * What OpenAI's clients read about limits: the tightest of requests and the tightest of tokens, absent where there is none.
 * Source: OpenAI's guide "Rate limits", section "Rate limits in headers".
 */
export function limitHeaders(facts: LimitFacts): Record<string, string> {
  const headers: Record<string, string> = {};
  putLimits(headers, facts);
  return headers;
}

/** The same, put among other headers. */
export function putLimits(headers: Record<string, string>, { requests, tokens }: LimitFacts): void {
  if (requests) {
    headers["x-ratelimit-limit-requests"] = String(requests.limit);
    headers["x-ratelimit-remaining-requests"] = String(requests.remaining);
    headers["x-ratelimit-reset-requests"] = duration(requests.resetMs);
  }
  if (tokens) {
    headers["x-ratelimit-limit-tokens"] = String(tokens.limit);
    headers["x-ratelimit-remaining-tokens"] = String(tokens.remaining);
    headers["x-ratelimit-reset-tokens"] = duration(tokens.resetMs);
  }
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** As Go writes durations: `20ms`, `8.64s`, `6m0s`, `23h59m59.5s`; never less than what is left. */
function duration(givenMs: number): string {
  const ms = Math.max(0, Math.ceil(givenMs));
  if (ms > 0 && ms < SECOND_MS) return `${ms}ms`;
  const hours = Math.floor(ms / HOUR_MS);
  const minutes = Math.floor((ms % HOUR_MS) / MINUTE_MS);
  const seconds = `${(ms % MINUTE_MS) / SECOND_MS}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

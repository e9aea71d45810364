import type { Call } from "@/server/gateway/call";
import { putLimits } from "@/server/gateway/limit-headers";

/** Headers that every answer to a call carries. */
export function callHeaders(call: Call): Record<string, string> {
  const headers: Record<string, string> = { "x-request-id": call.requestId };
  if (call.limitFacts) putLimits(headers, call.limitFacts);
  if (!call.target) return headers;
  headers["x-conduit-provider"] = headerSafe(call.target.provider.name);
  headers["x-conduit-model"] = headerSafe(call.target.upstreamModel);
  headers["x-conduit-attempts"] = String(call.attempts);
  if (call.dropped.length > 0) headers["x-conduit-dropped"] = headerSafe(call.dropped.join(", "));
  return headers;
}

/** Headers of a stream; proxies must neither hold back nor change its bytes. */
export const streamHeaders = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
} as const;

const SAFE = /^[\x20-\x7e]*$/;

function headerSafe(text: string): string {
  return SAFE.test(text) ? text : text.replace(/[^\x20-\x7e]/g, "?");
}

import { asGatewayError, GatewayError } from "@/server/errors";
import type { Call } from "@/server/gateway/call";
import type { Reply } from "@/server/gateway/endpoint";
import { callHeaders } from "@/server/gateway/headers";
import { settle } from "@/server/gateway/settle";
import { log } from "@/server/log";
import { openaiError } from "@/server/wire/error";

/** The failure that a call ended with, told apart by whether the caller left, the time was up, or something broke. */
export function failureOf(call: Call, thrown: unknown): GatewayError {
  if (call.timedOut)
    return new GatewayError("upstream_timeout", "The call took longer than its total time limit.", { cause: thrown });
  if (call.inbound.cancel.aborted)
    return new GatewayError("cancelled", "The caller left before the answer was complete.");
  return asGatewayError(thrown);
}

/** Notes a failure on the call, and in the log where an operator should know of it. */
export function noteFailure(call: Call, error: GatewayError): void {
  call.failure = { kind: error.kind, message: error.message };
  const seen = { requestId: call.requestId, kind: error.kind, model: call.model, provider: call.target?.provider.name };
  if (error.kind === "internal") log.error({ ...seen, err: error.cause ?? error }, "A call failed in the gateway.");
  else if (error.kind.startsWith("upstream_") && error.kind !== "upstream_rejected")
    log.warn({ ...seen, reason: error.message }, "A provider failed.");
}

/** Any error as an answer in the caller's dialect; settles the call. */
export function refuse(call: Call, thrown: unknown): Reply {
  const error = failureOf(call, thrown);
  noteFailure(call, error);
  settle(call, error.status);
  return {
    status: error.status,
    headers: { ...callHeaders(call), ...errorHeaders(error) },
    body: JSON.stringify(openaiError(error)),
  };
}

/** Headers that tell a client what to do next; official SDKs read them. */
export function errorHeaders(error: GatewayError): Record<string, string> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (error.retryAfterSeconds !== undefined)
    headers["retry-after"] = String(Math.max(1, Math.ceil(error.retryAfterSeconds)));
  if (error.kind === "budget_exceeded" || error.kind === "upstream_denied") headers["x-should-retry"] = "false";
  return headers;
}

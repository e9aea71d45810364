import { asGatewayError, GatewayError } from "@/server/errors";
import type { Call } from "@/server/gateway/call";
import type { Reply } from "@/server/gateway/endpoint";
import { callHeaders } from "@/server/gateway/headers";
import { settle } from "@/server/gateway/settle";
import { log } from "@/server/log";
import { withoutCredential } from "@/server/outbound/authorize";
import type { Secret } from "@/server/secret";
import { lookAtLimits } from "@/server/state/limits";

/** The failure that a call ended with, told apart by whether the caller left, the time was up, or something broke. */
export function failureOf(call: Call, thrown: unknown): GatewayError {
  if (call.timedOut)
    return new GatewayError("upstream_timeout", "The call took longer than its total time limit.", { cause: thrown });
  if (call.cancel.aborted) return new GatewayError("cancelled", "The caller left before the answer was complete.");
  return withoutSecrets(asGatewayError(thrown), call.target?.key?.credential);
}

/** Some vendors repeat the key that they refuse; what is the operator's must reach neither the caller nor the ledger. */
function withoutSecrets(error: GatewayError, credential: Secret | undefined): GatewayError {
  const clean = (text: string) => withoutCredential(text, credential);
  const { kind, message, status, type, code, param, retryAfterSeconds, upstreamStatus, cause } = error;
  if ([message, type, code ?? "", param ?? ""].every((text) => clean(text) === text)) return error;
  const detail = {
    status,
    type: clean(type),
    code: code && clean(code),
    param: param === null ? undefined : clean(param),
  };
  return new GatewayError(kind, clean(message), { ...detail, retryAfterSeconds, upstreamStatus, cause });
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
export async function refuse(call: Call, thrown: unknown): Promise<Reply> {
  const error = failureOf(call, thrown);
  noteFailure(call, error);
  const settling = settle(call, error.status);
  if (settling) await settling;
  // Refused before its limits were asked: how they stand is told all the same.
  if (call.caller && !call.limitFacts)
    call.limitFacts = await lookAtLimits(call.caller, call.model ?? "", performance.now());
  return {
    status: error.status,
    headers: { ...callHeaders(call), ...errorHeaders(error) },
    body: JSON.stringify(call.dialect.errorBody(error, call.requestId)),
  };
}

/** Headers that tell a client what to do next; official SDKs read them. */
export function errorHeaders(error: GatewayError): Record<string, string> {
  const headers: Record<string, string> = { "content-type": "application/json" };
  if (error.retryAfterSeconds !== undefined)
    headers["retry-after"] = String(Math.max(1, Math.ceil(error.retryAfterSeconds)));
  // A request that is larger than a limit is so the next time too.
  const hopeless = error.kind === "rate_limited" && error.retryAfterSeconds === undefined;
  if (hopeless || error.kind === "budget_exceeded" || error.kind === "upstream_denied")
    headers["x-should-retry"] = "false";
  return headers;
}

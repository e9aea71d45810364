import { randomUUID } from "node:crypto";
import type { Dialect } from "@/server/dialects/dialect";
import { asGatewayError } from "@/server/errors";
import { authenticate } from "@/server/gateway/authenticate";
import type { Inbound, Reply } from "@/server/gateway/endpoint";
import { limitHeaders } from "@/server/gateway/limit-headers";
import { errorHeaders } from "@/server/gateway/refuse";
import { log } from "@/server/log";
import type { Caller } from "@/server/state/callers";
import { lookAtLimits } from "@/server/state/limits";
import { openaiError } from "@/server/wire/error";

/** Answers a question that spends nothing, and so leaves no ledger row: a JSON value for an authenticated caller. */
export async function look(
  inbound: Inbound,
  answer: (caller: Caller) => unknown,
  errorBody: Dialect["errorBody"] = openaiError,
): Promise<Reply> {
  const requestId = `req_${randomUUID().replaceAll("-", "")}`;
  let limits: Record<string, string> = {};
  try {
    const caller = await authenticate(inbound);
    limits = limitHeaders(await lookAtLimits(caller, "", performance.now()));
    const value = await answer(caller);
    const headers = { "x-request-id": requestId, ...limits, "content-type": "application/json" };
    return { status: 200, headers, body: JSON.stringify(value) };
  } catch (thrown) {
    const reply = failed(thrown, requestId, errorBody);
    return { ...reply, headers: { ...limits, ...reply.headers } };
  }
}

/** An error as an answer outside any call. */
export function failed(
  thrown: unknown,
  requestId = `req_${randomUUID().replaceAll("-", "")}`,
  errorBody: Dialect["errorBody"] = openaiError,
): Reply {
  const error = asGatewayError(thrown);
  if (error.kind === "internal")
    log.error({ requestId, err: error.cause ?? error }, "A request failed in the gateway.");
  return {
    status: error.status,
    headers: { "x-request-id": requestId, ...errorHeaders(error) },
    body: JSON.stringify(errorBody(error, requestId)),
  };
}

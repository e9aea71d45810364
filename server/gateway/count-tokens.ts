import { messages } from "@/server/dialects/messages";
import { MessagesRequest } from "@/server/dialects/messages/request";
import { enter } from "@/server/gateway/admit";
import { authenticate } from "@/server/gateway/authenticate";
import { begin, type Call, type CallTarget, decodeContext } from "@/server/gateway/call";
import { dispatch, parseJson } from "@/server/gateway/dispatch";
import type { Endpoint, Reply } from "@/server/gateway/endpoint";
import { estimatePrompt } from "@/server/gateway/estimate-prompt";
import { callHeaders } from "@/server/gateway/headers";
import { readBody } from "@/server/gateway/read-body";
import { errorHeaders, failureOf } from "@/server/gateway/refuse";
import { resolve } from "@/server/gateway/resolve";
import { log } from "@/server/log";
import { readAll } from "@/server/outbound/client";
import { providerType } from "@/server/providers/registry";
import type { ChatRequest } from "@/server/wire/chat";

const MAX_ANSWER_BYTES = 1024 * 1024;

/**
 * `POST /v1/messages/count_tokens`: how many tokens a request's prompt has, from the vendor where it counts them and else
 * about. It spends nothing, so it leaves no ledger row. Source: Anthropic API reference, "Count tokens in a Message".
 */
export const countMessageTokens: Endpoint = async (inbound) => {
  const call = begin(inbound, "chat", messages);
  try {
    return await count(call);
  } catch (thrown) {
    const error = failureOf(call, thrown);
    if (error.kind === "internal")
      log.error({ requestId: call.requestId, err: error.cause ?? error }, "A count of tokens failed in the gateway.");
    return {
      status: error.status,
      headers: { ...callHeaders(call), ...errorHeaders(error) },
      body: JSON.stringify(messages.errorBody(error, call.requestId)),
    };
  } finally {
    for (const release of call.reservations.splice(0)) release();
  }
};

async function count(call: Call): Promise<Reply> {
  const caller = await authenticate(call.inbound);
  const { value } = await readBody(call.inbound, MessagesRequest);
  call.model = value.model;
  const targets = resolve(caller, value.model);
  enter(call, caller);
  const located = { params: call.inbound.params, query: new URLSearchParams() };
  const { request } = messages.toCanonical({ ...value, max_tokens: 1 }, located);
  const input_tokens = (await countAtVendor(call, targets, request)) ?? (await estimatePrompt(request));
  const headers = { ...callHeaders(call), "content-type": "application/json" };
  return { status: 200, headers, body: JSON.stringify({ input_tokens }) };
}

/** Undefined where the vendor does not count, or fails to: an estimate is worth more to a caller than an error. */
async function countAtVendor(
  call: Call,
  targets: readonly CallTarget[],
  request: ChatRequest,
): Promise<number | undefined> {
  const [target] = targets;
  const counting = target && providerType(target.provider.type)?.countTokens;
  if (!counting) return undefined;
  try {
    const { response } = await dispatch(call, [target], (type, address) => {
      const { request: upstream } = counting.encode(request, address);
      // The betas that a caller names decide what the vendor takes.
      const headers = { ...upstream.headers, ...type.native?.messages?.headers?.(address, call.inbound.headers) };
      return { request: { ...upstream, headers }, dropped: [] };
    });
    const body = parseJson(await readAll(response, MAX_ANSWER_BYTES));
    return counting.decode(body, { request, context: decodeContext(call) }).response.inputTokens;
  } catch (thrown) {
    const error = failureOf(call, thrown);
    if (error.kind === "upstream_rejected" || !error.kind.startsWith("upstream_")) throw error;
    log.warn({ requestId: call.requestId, reason: error.message }, "A provider failed to count tokens.");
    return undefined;
  }
}

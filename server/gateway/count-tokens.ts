import type { Canonical, Dialect, JsonObject } from "@/server/dialects/dialect";
import { generateContent } from "@/server/dialects/gemini";
import { CountTokensRequest, countedRequest } from "@/server/dialects/gemini/count";
import { messages } from "@/server/dialects/messages";
import { MessagesRequest } from "@/server/dialects/messages/request";
import { enter } from "@/server/gateway/admit";
import { authenticate } from "@/server/gateway/authenticate";
import { begin, type Call, type CallTarget, decodeContext } from "@/server/gateway/call";
import { dispatch, parseJson } from "@/server/gateway/dispatch";
import type { Endpoint, Inbound, Reply } from "@/server/gateway/endpoint";
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

/** How a dialect asks for a count, and how it is told. */
type Counting = {
  readonly dialect: Dialect;
  /** The model, and the request in the canonical form. Throws `invalid_request`. */
  readonly read: (inbound: Inbound) => Promise<{ readonly model: string; readonly canonical: () => Canonical }>;
  readonly answer: (tokens: number) => JsonObject;
};

/**
 * The endpoint that tells how many tokens a request's prompt has, from the vendor where it counts them and else about. It
 * spends nothing, so it leaves no ledger row.
 */
function countEndpoint(counting: Counting): Endpoint {
  const { dialect } = counting;
  return async (inbound) => {
    const call = begin(inbound, "chat", dialect);
    try {
      return await count(call, counting);
    } catch (thrown) {
      const error = failureOf(call, thrown);
      if (error.kind === "internal")
        log.error({ requestId: call.requestId, err: error.cause ?? error }, "A count of tokens failed in the gateway.");
      return {
        status: error.status,
        headers: { ...callHeaders(call), ...errorHeaders(error) },
        body: JSON.stringify(dialect.errorBody(error, call.requestId)),
      };
    } finally {
      call.limits?.giveBack();
    }
  };
}

/** `POST /v1/messages/count_tokens`. Source: Anthropic API reference, "Count tokens in a Message". */
export const countMessageTokens = countEndpoint({
  dialect: messages,
  read: async (inbound) => {
    const { value } = await readBody(inbound, MessagesRequest);
    const located = { params: inbound.params, query: new URLSearchParams() };
    return { model: value.model, canonical: () => messages.toCanonical({ ...value, max_tokens: 1 }, located) };
  },
  answer: (tokens) => ({ input_tokens: tokens }),
});

/** `POST /v1beta/models/{model}:countTokens`. Source: Gemini API reference, "models.countTokens". */
export const countContentTokens = countEndpoint({
  dialect: generateContent,
  read: async (inbound) => {
    const { value } = await readBody(inbound, CountTokensRequest);
    return countedRequest(value, { params: inbound.params, query: new URLSearchParams() });
  },
  answer: (tokens) => ({ totalTokens: tokens }),
});

async function count(call: Call, { read, answer }: Counting): Promise<Reply> {
  const caller = await authenticate(call.inbound);
  const { model, canonical } = await read(call.inbound);
  call.model = model;
  const targets = resolve(caller, model);
  await enter(call, caller);
  const { request } = canonical();
  const tokens = (await countAtVendor(call, targets, request)) ?? (await estimatePrompt(request));
  const headers = { ...callHeaders(call), "content-type": "application/json" };
  return { status: 200, headers, body: JSON.stringify(answer(tokens)) };
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
    const { response } = await dispatch(call, target, (type, address) => {
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

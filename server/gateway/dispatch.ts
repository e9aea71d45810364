import { env } from "@/server/env";
import { GatewayError } from "@/server/errors";
import { type Call, type CallTarget, decodeContext } from "@/server/gateway/call";
import type { ReadBody } from "@/server/gateway/read-body";
import { upstreamError } from "@/server/gateway/upstream-error";
import { authorize } from "@/server/outbound/authorize";
import { readAll, send, type UpstreamResponse } from "@/server/outbound/client";
import { playLocally } from "@/server/outbound/local";
import type { Chat, Encoded, ProviderType, Target } from "@/server/providers/provider";
import { providerType } from "@/server/providers/registry";
import type { ChatRequest } from "@/server/wire/chat";
import { spliceJson } from "@/server/wire/splice";

/** An upstream that has accepted the call and begun to answer. */
export type Answer = { readonly type: ProviderType; readonly chat: Chat; readonly response: UpstreamResponse };

const MAX_ERROR_BYTES = 1024 * 1024;

/** Sends a chat call to the first target. Throws a GatewayError that says what kind of failure it was. */
export async function dispatch(
  call: Call,
  request: ReadBody<ChatRequest>,
  targets: readonly CallTarget[],
): Promise<Answer> {
  const [target] = targets;
  if (!target) throw new GatewayError("internal", "A model was resolved to no target.");
  const type = providerType(target.provider.type);
  if (!type?.chat)
    throw new GatewayError("invalid_request", `The model '${call.model}' does not do chat.`, { param: "model" });
  call.target = target;
  call.attempts++;
  const { request: encoded, dropped } = encodeChat(type.chat, request, addressOf(type, target));
  call.dropped = dropped;
  if (type.auth.scheme !== "none" && !target.key && !type.keyOptional) {
    throw new GatewayError("upstream_denied", `The provider '${target.provider.name}' has no usable key.`);
  }
  const response = type.local
    ? playLocally(type.local(encoded, decodeContext(call)), call.cancel)
    : await send(authorize(encoded, type.auth, target.key?.credential), {
        // A whole answer is one long wait: only the total limit holds for it.
        firstByteMs: call.stream ? env.firstByteMs : env.totalMs,
        idleMs: env.idleMs,
        cancel: call.cancel,
        allowPrivateNetwork: target.provider.allowPrivateNetwork,
      });
  if (response.status >= 200 && response.status < 300) return { type, chat: type.chat, response };
  throw await rejection(type, response);
}

function addressOf(type: ProviderType, { provider, upstreamModel }: CallTarget): Target {
  const baseUrl = provider.baseUrl ?? type.baseUrl;
  if (!baseUrl) throw new GatewayError("upstream_denied", `The provider '${provider.name}' has no base URL.`);
  return {
    baseUrl: baseUrl.replace(/\/+$/, ""),
    model: upstreamModel,
    headers: provider.headers,
    options: provider.options,
  };
}

function encodeChat(chat: Chat, { bytes, value }: ReadBody<ChatRequest>, target: Target): Encoded {
  if (chat.kind === "translated") return chat.encode(value, target);
  // Also where the names are equal: a body may name a model twice, and the vendor must not read the other one.
  const fields: Record<string, string> = { model: JSON.stringify(target.model) };
  if (value.stream && chat.streamUsage && !value.stream_options?.include_usage) {
    fields.stream_options = JSON.stringify({ ...value.stream_options, include_usage: true });
  }
  const headers = { "content-type": "application/json", ...target.headers };
  return {
    request: { method: "POST", url: target.baseUrl + chat.path, headers, body: spliceJson(bytes, fields) },
    dropped: [],
  };
}

async function rejection(type: ProviderType, response: UpstreamResponse): Promise<GatewayError> {
  if (response.status >= 300 && response.status < 400) {
    response.abort();
    return new GatewayError(
      "upstream_unavailable",
      "The provider answered with a redirect, which is not followed. Check its base URL.",
    );
  }
  const bytes = await readAll(response, MAX_ERROR_BYTES);
  return upstreamError(type.classify(response.status, parseJson(bytes)), response.status, response.headers);
}

/** A body as JSON, or as its text where it is none: error pages of proxies are HTML. */
export function parseJson(bytes: Buffer): unknown {
  const text = bytes.toString("utf8");
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is an answer too: the reader decides what to make of text.
    return text;
  }
}

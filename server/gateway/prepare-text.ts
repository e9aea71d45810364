import { GatewayError } from "@/server/errors";
import type { Call } from "@/server/gateway/call";
import { inlineMedia } from "@/server/gateway/inline-media";
import type { TextRequest } from "@/server/gateway/text-call";
import { openAiDecoding } from "@/server/providers/openai-chat-decode";
import { holdsForeign, plainChat } from "@/server/providers/openai-chat-encode";
import type { Encoded, Native, NativeChat, ProviderType, Target, TranslatedChat } from "@/server/providers/provider";
import type { Framing } from "@/server/wire/framing";
import { spliceJson } from "@/server/wire/splice";

/** How an upstream's answer becomes the caller's: passed on as it is, or read into the canonical form. */
export type Reading =
  | { readonly kind: "native"; readonly framing: Framing }
  | ({ readonly kind: "decoded"; readonly framing: Framing } & Pick<TranslatedChat, "decode" | "decodeStream">);

export type PreparedText = Encoded & { readonly reading: Reading };

type Upstream = { readonly type: ProviderType; readonly target: Target };

/** A caller's request as this upstream takes it. Throws `invalid_request` for what it cannot take. */
export function prepareText(
  call: Call,
  request: TextRequest,
  upstream: Upstream,
): PreparedText | Promise<PreparedText> {
  const native = nativeOf(request, upstream);
  const continued = request.kept?.continued;
  // What it continues lies elsewhere, and goes along.
  if (continued && !(native && continued.heldBy === call.target?.provider.id))
    return continued
      .whole(request.body, native ? "native" : "translated")
      .then((body) => prepareWhole(call, request.with(body), { ...upstream, native }));
  return prepareWhole(call, request, { ...upstream, native });
}

/** The upstream's endpoint for the caller's dialect; chat is looked at apart. */
function nativeOf({ dialect }: TextRequest, { type, target }: Upstream): Native | undefined {
  const native = dialect.id === "chat" ? undefined : type.native?.[dialect.id];
  return native && (native.serves?.(target) ?? true) ? native : undefined;
}

function prepareWhole(
  call: Call,
  request: TextRequest,
  { type, target, native }: Upstream & { readonly native: Native | undefined },
): PreparedText | Promise<PreparedText> {
  const { dialect } = request;
  if (native) return passOn(call, request, { native, target });
  const { chat } = type;
  if (!chat)
    throw new GatewayError("invalid_request", `The model '${call.model}' does not do chat.`, { param: "model" });
  if (chat.kind === "translated") return translate(call, request, { chat, target });
  if (dialect.id === "chat" && !holdsForeign(request.bytes, chat.keeps))
    return passOn(call, request, { native: chat, target, chat });
  return toChat(call, request, { chat, type, target });
}

type Passing = { readonly native: Native; readonly target: Target; readonly chat?: NativeChat };

/** Same dialect on both sides: the caller's bytes, with the fields set that must differ. */
function passOn(call: Call, { bytes, body, stream }: TextRequest, { native, target, chat }: Passing): PreparedText {
  const caller = call.inbound.headers;
  const change = native.change?.(body, target, caller);
  // Also where the names are equal: a body may name a model twice, and the vendor must not read the other one.
  const fields: Record<string, string | null> = { model: JSON.stringify(target.model), ...change?.fields };
  if (stream && chat?.streamUsage && fields.stream_options === undefined) askForUsage(body, fields);
  const headers = { "content-type": "application/json", ...target.headers, ...native.headers?.(target, caller) };
  return {
    request: { method: "POST", url: native.url(target, { stream }), headers, body: spliceJson(bytes, fields) },
    dropped: change?.dropped ?? [],
    reading: { kind: "native", framing: native.framing ?? "sse" },
  };
}

function askForUsage({ stream_options }: Record<string, unknown>, fields: Record<string, string | null>): void {
  const asked = typeof stream_options === "object" && stream_options !== null ? stream_options : {};
  if (!("include_usage" in asked && asked.include_usage === true))
    fields.stream_options = JSON.stringify({ ...asked, include_usage: true });
}

type Translating = { readonly chat: TranslatedChat; readonly target: Target };

async function translate(call: Call, request: TextRequest, { chat, target }: Translating): Promise<PreparedText> {
  const { request: canonical, dropped } = request.canonical;
  const ready = chat.fetchesUrl
    ? await inlineMedia(canonical, { fetches: chat.fetchesUrl, cancel: call.cancel })
    : canonical;
  const encoded = chat.encode(ready, target);
  return {
    request: encoded.request,
    dropped: [...new Set([...dropped, ...encoded.dropped])],
    reading: { kind: "decoded", framing: chat.framing ?? "sse", decode: chat.decode, decodeStream: chat.decodeStream },
  };
}

type ToChat = { readonly chat: NativeChat; readonly type: ProviderType; readonly target: Target };

/** Another dialect's request to an upstream that speaks chat, or a chat request with what only other vendors know. */
function toChat(call: Call, request: TextRequest, { chat, type, target }: ToChat): PreparedText {
  const { request: canonical, dropped } = request.canonical;
  const plain = plainChat(canonical, chat.keeps, request.dialect.id === "chat");
  const body = { ...plain.request, model: target.model, stream: request.stream };
  const caller = call.inbound.headers;
  const change = chat.change?.(body, target, caller);
  const fields: Record<string, string | null> = { ...change?.fields };
  if (request.stream && chat.streamUsage && fields.stream_options === undefined) askForUsage(body, fields);
  if (!request.stream) fields.stream = null;
  const headers = { "content-type": "application/json", ...target.headers, ...chat.headers?.(target, caller) };
  const framing = chat.framing ?? "sse";
  return {
    request: {
      method: "POST",
      url: chat.url(target, { stream: request.stream }),
      headers,
      body: spliceJson(Buffer.from(JSON.stringify(body)), fields),
    },
    dropped: [...new Set([...dropped, ...plain.dropped, ...(change?.dropped ?? [])])],
    reading:
      request.dialect.id === "chat"
        ? { kind: "native", framing }
        : { kind: "decoded", framing, ...openAiDecoding(type.classify) },
  };
}

import { GatewayError } from "@/server/errors";
import { type Call, decodeContext } from "@/server/gateway/call";
import { type Answer, parseJson } from "@/server/gateway/dispatch";
import type { Reply } from "@/server/gateway/endpoint";
import { estimateUsage, tokensOfBytes } from "@/server/gateway/estimate";
import { callHeaders, streamHeaders } from "@/server/gateway/headers";
import { NativeStream } from "@/server/gateway/native-stream";
import { costOfCall, settle } from "@/server/gateway/settle";
import { openStream } from "@/server/gateway/stream";
import { TranslatedStream } from "@/server/gateway/translated-stream";
import { upstreamError } from "@/server/gateway/upstream-error";
import { usdText } from "@/server/money";
import { readAll } from "@/server/outbound/client";
import { isRecord } from "@/server/wire/json";
import type { ProviderType } from "@/server/providers/provider";
import type { ChatRequest } from "@/server/wire/chat";
import { chatUsage, usageFromChat } from "@/server/wire/usage";

const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

/** Brings an upstream's chat answer to the caller; a whole one is settled here, a stream when it ends. */
export async function relay(call: Call, request: ChatRequest, answer: Answer): Promise<Reply> {
  if (!call.stream) return relayWhole(call, answer);
  const { chat, type, response } = answer;
  if (!isEventStream(response.headers["content-type"])) throw await notAStream(type, answer);
  const showUsage = request.stream_options?.include_usage === true;
  const translator =
    chat.kind === "native"
      ? new NativeStream(call, type, !showUsage)
      : new TranslatedStream(call, chat.decodeStream(decodeContext(call)), showUsage);
  const body = await openStream(call, response, translator);
  return { status: 200, headers: { ...callHeaders(call), ...streamHeaders }, body };
}

async function relayWhole(call: Call, { chat, type, response }: Answer): Promise<Reply> {
  const bytes = await readAll(response, MAX_ANSWER_BYTES);
  const parsed = parseJson(bytes);
  let body: Buffer | string = bytes;
  if (chat.kind === "native") readNative(call, type, parsed);
  else {
    const { completion, usage } = chat.decode(parsed, decodeContext(call));
    call.usage = usage;
    call.finishReason = completion.choices[0]?.finish_reason;
    body = JSON.stringify(usage ? { ...completion, usage: chatUsage(usage) } : completion);
  }
  if (!call.usage) call.estimate = estimateUsage(call, tokensOfBytes(bytes.length));
  const cost = costOfCall(call);
  settle(call, 200);
  const headers = callHeaders(call);
  headers["content-type"] = "application/json";
  if (cost) headers["x-conduit-cost-usd"] = usdText(cost.nano);
  return { status: 200, headers, body };
}

function readNative(call: Call, type: ProviderType, body: unknown): void {
  if (!isRecord(body)) throw new GatewayError("upstream_garbled", "The provider's answer is not JSON.");
  if (!Array.isArray(body.choices)) {
    // Some vendors send an error with status 200.
    if (isRecord(body.error)) throw upstreamError(type.classify(statusOf(body.error), body));
    throw new GatewayError("upstream_garbled", "The provider's answer is not a chat completion.");
  }
  call.usage = usageFromChat(body.usage);
  const [choice] = body.choices;
  if (isRecord(choice) && typeof choice.finish_reason === "string") call.finishReason = choice.finish_reason;
}

async function notAStream(type: ProviderType, { response }: Answer): Promise<GatewayError> {
  const body = parseJson(await readAll(response, 1024 * 1024));
  if (isRecord(body) && isRecord(body.error)) return upstreamError(type.classify(statusOf(body.error), body));
  return new GatewayError("upstream_garbled", "The provider answered a request for a stream with something else.");
}

function isEventStream(contentType: string | undefined): boolean {
  return contentType?.toLowerCase().startsWith("text/event-stream") ?? false;
}

function statusOf(error: Record<string, unknown>): number {
  const code = Number(error.code ?? error.status);
  return code >= 400 && code < 600 ? code : 500;
}

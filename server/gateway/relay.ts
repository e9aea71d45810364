import type { JsonObject } from "@/server/dialects/dialect";
import { GatewayError } from "@/server/errors";
import { answerContext, type Call, decodeContext } from "@/server/gateway/call";
import { type Answer, parseJson } from "@/server/gateway/dispatch";
import type { Reply } from "@/server/gateway/endpoint";
import { estimateUsage, textOfAnswer, tokensOfBytes } from "@/server/gateway/estimate";
import { callHeaders, streamHeaders } from "@/server/gateway/headers";
import { NativeEvents } from "@/server/gateway/native-events";
import { NativeStream } from "@/server/gateway/native-stream";
import type { PreparedText, Reading } from "@/server/gateway/prepare-text";
import { Rescuer } from "@/server/gateway/rescue";
import type { Stage } from "@/server/gateway/resolve";
import { costOfCall, settle } from "@/server/gateway/settle";
import { openStream, type Translator } from "@/server/gateway/stream";
import type { TextRequest } from "@/server/gateway/text-call";
import { TranslatedStream } from "@/server/gateway/translated-stream";
import { upstreamError } from "@/server/gateway/upstream-error";
import { usdText } from "@/server/money";
import { readAll } from "@/server/outbound/client";
import type { ProviderType } from "@/server/providers/provider";
import { statusInError } from "@/server/wire/error";
import { isRecord } from "@/server/wire/json";
import type { ServerSentEvent } from "@/server/wire/sse";

const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

/** An upstream's answer, and where a stream of it may go on. */
type Relaying = { readonly answer: Answer<PreparedText>; readonly stages: readonly Stage[] };

/** Brings an upstream's answer to the caller; a whole one is settled here, a stream when it ends. */
export function relay(call: Call, request: TextRequest, relaying: Relaying): Promise<Reply> {
  return call.stream ? relayStream(call, request, relaying) : relayWhole(call, request, relaying.answer);
}

async function relayStream(call: Call, request: TextRequest, { answer, stages }: Relaying): Promise<Reply> {
  const { type, response, prepared } = answer;
  const { reading } = prepared;
  if (reading.framing === "sse" && !isEventStream(response.headers["content-type"])) throw await notAStream(answer);
  const translator = translatorFor(call, request, { type, reading });
  const body = await openStream(call, response, { translator, rescuer: new Rescuer(call, request, stages) });
  const contentType = request.dialect.streamContentType?.(request.located);
  return {
    status: 200,
    headers: { ...callHeaders(call), ...streamHeaders, ...(contentType && { "content-type": contentType }) },
    body,
  };
}

type Way = { readonly type: ProviderType; readonly reading: Reading };

function translatorFor(call: Call, request: TextRequest, { type, reading }: Way): Translator {
  const { dialect, body, located } = request;
  const kept = request.kept?.keep;
  const keep = kept && ((made: JsonObject) => kept(made, { call, native: reading.kind === "native" }));
  const encoder = () => dialect.encodeStream(body, answerContext(call), located);
  if (reading.kind === "decoded")
    return new TranslatedStream(call, {
      ...reading,
      decode: reading.decodeStream(decodeContext(call)),
      encoder: encoder(),
      keep,
    });
  if (dialect.id === "chat" && reading.framing === "sse") {
    const options = body.stream_options;
    return new NativeStream(call, type, !(isRecord(options) && options.include_usage === true));
  }
  const resume =
    dialect.resume &&
    ((events: readonly ServerSentEvent[]) => dialect.resume?.(events, { body, context: answerContext(call) }));
  return new NativeEvents(call, { type, read: dialect.readStream(), framing: reading.framing, encoder, resume, keep });
}

async function relayWhole(call: Call, request: TextRequest, answer: Answer<PreparedText>): Promise<Reply> {
  const { type, response, prepared } = answer;
  const bytes = await readAll(response, MAX_ANSWER_BYTES);
  const parsed = parseJson(bytes);
  const { reading } = prepared;
  let body: Buffer | string = bytes;
  let made: JsonObject | undefined;
  if (reading.kind === "native") made = readNative(call, request, { type, parsed });
  else {
    const { completion, usage } = reading.decode(parsed, decodeContext(call));
    call.usage = usage;
    call.finishReason = completion.choices[0]?.finish_reason;
    const about = { usage, body: request.body, context: answerContext(call) };
    made = request.dialect.encodeAnswer(completion, about);
    body = JSON.stringify(made);
  }
  const keep = request.kept?.keep;
  if (made && keep) await keep(made, { call, native: reading.kind === "native" });
  if (!call.usage)
    call.estimate = await estimateUsage(call, { tokens: tokensOfBytes(bytes.length), text: textOfAnswer(parsed) });
  const cost = costOfCall(call);
  const settling = settle(call, 200);
  if (settling) await settling;
  const headers = callHeaders(call);
  headers["content-type"] = "application/json";
  if (cost) headers["x-conduit-cost-usd"] = usdText(cost.nano);
  return { status: 200, headers, body };
}

function readNative(
  call: Call,
  { dialect }: TextRequest,
  { type, parsed }: { type: ProviderType; parsed: unknown },
): JsonObject | undefined {
  const seen = dialect.readWhole(parsed);
  if (seen.error) throw upstreamError(type.classify(seen.errorStatus ?? 500, seen.error));
  call.usage = seen.usage;
  call.finishReason = seen.finishReason;
  return seen.answer;
}

async function notAStream({ type, response }: Answer): Promise<GatewayError> {
  const body = parseJson(await readAll(response, 1024 * 1024));
  if (isRecord(body) && isRecord(body.error))
    return upstreamError(type.classify(statusInError(body.error) ?? 500, body));
  return new GatewayError("upstream_garbled", "The provider answered a request for a stream with something else.");
}

function isEventStream(contentType: string | undefined): boolean {
  return contentType?.toLowerCase().startsWith("text/event-stream") ?? false;
}

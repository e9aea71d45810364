import { GatewayError } from "@/server/errors";
import { argumentsOf, CallIndex } from "@/server/providers/openai-chat-calls";
import type { Classified, DecodeContext, StreamPiece, TranslatedChat } from "@/server/providers/provider";
import type { ChatAnnotation, ChatChunk, ChatCompletion, ChatFinishReason } from "@/server/wire/chat";
import { statusInError } from "@/server/wire/error";
import { isRecord, listOf, textOf } from "@/server/wire/json";
import type { ServerSentEvent } from "@/server/wire/sse";
import { usageFromChat, usageFromChunk } from "@/server/wire/usage";

type Classify = (status: number, body: unknown) => Classified;
type Delta = ChatChunk["choices"][number]["delta"];
type Message = ChatCompletion["choices"][number]["message"];

/** Reads the answers of an OpenAI-like upstream into the canonical form, for callers who speak another dialect than it. */
export function openAiDecoding(classify: Classify): Pick<TranslatedChat, "decode" | "decodeStream"> {
  return {
    decode: (body, context) => decode(body, context, classify),
    decodeStream: (context) => streamDecoder(context, classify),
  };
}

function decode(body: unknown, context: DecodeContext, classify: Classify): ReturnType<TranslatedChat["decode"]> {
  if (!isRecord(body)) throw new GatewayError("upstream_garbled", "The provider's answer is not JSON.");
  if (!Array.isArray(body.choices)) {
    const { kind, message } = isRecord(body.error)
      ? classify(statusInError(body.error) ?? 500, body)
      : { kind: "upstream_garbled" as const };
    throw new GatewayError(kind, message ?? "The provider's answer is not a chat completion.");
  }
  const completion: ChatCompletion = {
    id: textOf(body.id) ?? context.id,
    object: "chat.completion",
    created: typeof body.created === "number" ? Math.trunc(body.created) : context.created,
    model: textOf(body.model) ?? "",
    choices: body.choices.filter(isRecord).map((choice, position) => ({
      index: typeof choice.index === "number" ? choice.index : position,
      message: messageOf(isRecord(choice.message) ? choice.message : {}, body),
      logprobs: isRecord(choice.logprobs) ? choice.logprobs : null,
      finish_reason: finishReason(choice.finish_reason, isRecord(choice.message) ? choice.message : {}),
    })),
    ...(textOf(body.service_tier) && { service_tier: String(body.service_tier) }),
    ...(textOf(body.system_fingerprint) && { system_fingerprint: String(body.system_fingerprint) }),
  };
  return { completion, usage: usageFromChat(body.usage) };
}

function messageOf(message: Record<string, unknown>, body: Record<string, unknown>): Message {
  const { text, reasoning } = contentOf(message);
  const calls = listOf(message.tool_calls).flatMap((call, index) => wholeCall(call, index));
  const annotations = annotationsOf(message, body, text ?? "");
  return {
    role: "assistant",
    content: text ?? null,
    refusal: textOf(message.refusal) ?? null,
    ...(reasoning && { reasoning_content: reasoning }),
    ...(calls.length > 0 && { tool_calls: calls }),
    ...(annotations.length > 0 && { annotations }),
  };
}

function wholeCall(call: unknown, index: number): NonNullable<Message["tool_calls"]> {
  if (!isRecord(call)) return [];
  const id = textOf(call.id) ?? `call_${index}`;
  const extra = isRecord(call.extra_content) ? { extra_content: call.extra_content } : {};
  if (isRecord(call.custom))
    return [
      {
        id,
        type: "custom",
        custom: { name: String(call.custom.name), input: String(call.custom.input ?? "") },
        ...extra,
      },
    ];
  if (!isRecord(call.function)) return [];
  return [
    {
      id,
      type: "function",
      function: { name: String(call.function.name), arguments: argumentsOf(call.function.arguments) },
      ...extra,
    },
  ];
}

/** Text and reasoning of a message or delta. Content may be a list of `text` and `thinking` pieces; reasoning has two names. */
function contentOf(said: Record<string, unknown>): { text: string | undefined; reasoning: string | undefined } {
  const named = textOf(said.reasoning_content) ?? textOf(said.reasoning);
  if (!Array.isArray(said.content))
    return { text: typeof said.content === "string" ? said.content : undefined, reasoning: named };
  let text: string | undefined;
  let reasoning = named;
  for (const piece of said.content) {
    if (!isRecord(piece)) continue;
    if (piece.type === "thinking") {
      const thought = listOf(piece.thinking)
        .map((part) => (isRecord(part) ? (textOf(part.text) ?? "") : ""))
        .join("");
      reasoning = (reasoning ?? "") + (textOf(piece.thinking) ?? thought);
    } else if (typeof piece.text === "string") text = (text ?? "") + piece.text;
  }
  return { text, reasoning };
}

/** OpenAI's annotations, or the sources that a searching vendor lists beside the answer, at the places `[n]` that cite them. */
function annotationsOf(said: Record<string, unknown>, body: Record<string, unknown>, text: string): ChatAnnotation[] {
  const own = listOf(said.annotations).flatMap((one) => {
    const cited = isRecord(one) && isRecord(one.url_citation) ? one.url_citation : undefined;
    const url = cited && textOf(cited.url);
    return url
      ? [citation(url, textOf(cited.title), Number(cited.start_index ?? 0), Number(cited.end_index ?? 0))]
      : [];
  });
  if (own.length > 0) return own;
  const titled = listOf(body.search_results).filter(isRecord);
  const sources = titled.length > 0 ? titled.map((one) => textOf(one.url)) : listOf(body.citations).map(textOf);
  return [...text.matchAll(/\[(\d{1,3})\]/g)].flatMap((match) => {
    const at = Number(match[1]) - 1;
    const url = sources[at];
    return url ? [citation(url, textOf(titled[at]?.title), match.index, match.index + match[0].length)] : [];
  });
}

function citation(url: string, title: string | undefined, start: number, end: number): ChatAnnotation {
  return { type: "url_citation", url_citation: { url, title: title ?? "", start_index: start, end_index: end } };
}

const REASONS: Readonly<Record<string, ChatFinishReason>> = {
  stop: "stop",
  length: "length",
  max_tokens: "length",
  model_length: "length",
  tool_calls: "tool_calls",
  function_call: "tool_calls",
  tool_use: "tool_calls",
  content_filter: "content_filter",
  sensitive: "content_filter",
};

/** A reason that OpenAI has; others' own words for a natural end (`eos`, `end_turn`) are `stop`. */
function finishReason(reason: unknown, message: Record<string, unknown>): ChatFinishReason {
  const known = typeof reason === "string" ? REASONS[reason] : undefined;
  return known ?? (listOf(message.tool_calls).length > 0 ? "tool_calls" : "stop");
}

/** What is known of one choice of a stream. */
type Progress = { text: string; finished: boolean };
type ChunkChoice = ChatChunk["choices"][number];

/** Reads one stream. Its steps run for each token that is streamed, and so make little beside what they give. */
function streamDecoder(context: DecodeContext, classify: Classify): (event: ServerSentEvent) => readonly StreamPiece[] {
  const choices = new Map<number, Progress>();
  const calls = new CallIndex();
  let unfinished = 0;
  let sources: Record<string, unknown> = {};
  const read = (choice: Record<string, unknown>): ChunkChoice => {
    const index = typeof choice.index === "number" ? choice.index : 0;
    const said = isRecord(choice.delta) ? choice.delta : {};
    const delta = deltaOf(said, index, calls);
    let progress = choices.get(index);
    if (!progress) {
      progress = { text: "", finished: false };
      choices.set(index, progress);
      unfinished++;
    }
    if (delta.content) progress.text += delta.content;
    const reason = textOf(choice.finish_reason);
    if (reason !== undefined && !progress.finished) {
      progress.finished = true;
      unfinished--;
    }
    if (reason !== undefined || said.annotations !== undefined) {
      const annotations = annotationsOf(said, reason ? sources : {}, reason ? progress.text : "");
      if (annotations.length > 0) delta.annotations = annotations;
    }
    const finish_reason = reason === undefined ? null : finishReason(reason, {});
    return isRecord(choice.logprobs)
      ? { index, delta, logprobs: choice.logprobs, finish_reason }
      : { index, delta, finish_reason };
  };
  return ({ data }) => {
    if (data === "[DONE]") return [{ kind: "end" }];
    const body = parse(data);
    if (!body) return [];
    if (isRecord(body.error)) return [{ kind: "error", error: classify(statusInError(body.error) ?? 500, body) }];
    if (body.search_results ?? body.citations) sources = body;
    const pieces: StreamPiece[] = [];
    const given = listOf(body.choices).filter(isRecord).map(read);
    if (given.length > 0) pieces.push({ kind: "chunk", chunk: chunkOf(body, context, given) });
    const usage = usageFromChunk(body);
    if (usage) pieces.push({ kind: "usage", usage });
    if (choices.size > 0 && unfinished === 0) pieces.push({ kind: "end" });
    return pieces;
  };
}

function chunkOf(body: Record<string, unknown>, context: DecodeContext, choices: ChunkChoice[]): ChatChunk {
  return {
    id: textOf(body.id) ?? context.id,
    object: "chat.completion.chunk",
    created: typeof body.created === "number" ? Math.trunc(body.created) : context.created,
    model: textOf(body.model) ?? "",
    choices,
  };
}

function deltaOf(said: Record<string, unknown>, choice: number, calls: CallIndex): Delta {
  const delta: Delta = {};
  if (said.role === "assistant") delta.role = "assistant";
  const { text, reasoning } = contentOf(said);
  if (text !== undefined) delta.content = text;
  const refusal = textOf(said.refusal);
  if (refusal !== undefined) delta.refusal = refusal;
  if (reasoning) delta.reasoning_content = reasoning;
  if (Array.isArray(said.tool_calls) && said.tool_calls.length > 0) {
    const given = said.tool_calls.filter(isRecord).map((call) => calls.read(call, choice));
    if (given.length > 0) delta.tool_calls = given;
  }
  return delta;
}

function parse(data: string): Record<string, unknown> | undefined {
  try {
    const body: unknown = JSON.parse(data);
    return isRecord(body) ? body : undefined;
  } catch {
    // One garbled event is left out; a stream that is garbled to its end fails for want of a terminal event.
    return undefined;
  }
}

import { GatewayError } from "@/server/errors";
import type { Classified, DecodeContext, StreamPiece, TranslatedChat } from "@/server/providers/provider";
import type {
  ChatAnnotation,
  ChatChunk,
  ChatCompletion,
  ChatFinishReason,
  ChatToolCallDelta,
} from "@/server/wire/chat";
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
      ? classify(statusOf(body.error), body)
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

/** Arguments are a text of JSON; some vendors give the object itself, or nothing where there are none. */
function argumentsOf(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : JSON.stringify(value);
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

function streamDecoder(context: DecodeContext, classify: Classify): (event: ServerSentEvent) => readonly StreamPiece[] {
  const finished = new Map<number, boolean>();
  const texts = new Map<number, string>();
  const calls = new CallIndex();
  let sources: Record<string, unknown> = {};
  return ({ data }) => {
    if (data === "[DONE]") return [{ kind: "end" }];
    const body = parse(data);
    if (!body) return [];
    if (isRecord(body.error)) return [{ kind: "error", error: classify(statusOf(body.error), body) }];
    if (body.search_results ?? body.citations) sources = body;
    const pieces: StreamPiece[] = [];
    const choices = listOf(body.choices)
      .filter(isRecord)
      .map((choice): ChatChunk["choices"][number] => {
        const index = typeof choice.index === "number" ? choice.index : 0;
        const said = isRecord(choice.delta) ? choice.delta : {};
        const delta = deltaOf(said, index, calls);
        texts.set(index, (texts.get(index) ?? "") + (delta.content ?? ""));
        const ends = typeof choice.finish_reason === "string" && choice.finish_reason !== "";
        finished.set(index, finished.get(index) || ends);
        const annotations = annotationsOf(said, ends ? sources : {}, ends ? (texts.get(index) ?? "") : "");
        return {
          index,
          delta: annotations.length > 0 ? { ...delta, annotations } : delta,
          ...(isRecord(choice.logprobs) && { logprobs: choice.logprobs }),
          finish_reason: ends ? finishReason(choice.finish_reason, {}) : null,
        };
      });
    if (choices.length > 0)
      pieces.push({ kind: "chunk", chunk: { ...headOf(body, context), object: "chat.completion.chunk", choices } });
    const usage = usageFromChunk(body);
    if (usage) pieces.push({ kind: "usage", usage });
    if (finished.size > 0 && [...finished.values()].every(Boolean)) pieces.push({ kind: "end" });
    return pieces;
  };
}

function headOf(body: Record<string, unknown>, context: DecodeContext): Pick<ChatChunk, "id" | "created" | "model"> {
  return {
    id: textOf(body.id) ?? context.id,
    created: typeof body.created === "number" ? Math.trunc(body.created) : context.created,
    model: textOf(body.model) ?? "",
  };
}

function deltaOf(said: Record<string, unknown>, choice: number, calls: CallIndex): Delta {
  const { text, reasoning } = contentOf(said);
  const given = listOf(said.tool_calls).flatMap((call) => (isRecord(call) ? [calls.read(call, choice)] : []));
  return {
    ...(said.role === "assistant" && { role: "assistant" as const }),
    ...(text !== undefined && { content: text }),
    ...(textOf(said.refusal) && { refusal: String(said.refusal) }),
    ...(reasoning && { reasoning_content: reasoning }),
    ...(given.length > 0 && { tool_calls: given }),
  };
}

/** Gives every tool call an index of its own: some vendors number none, or all of them 0, and tell them apart by id. */
class CallIndex {
  #ids = new Map<string, string>();
  #next = new Map<number, number>();
  #byKey = new Map<string, number>();
  #last = new Map<number, number>();

  read(call: Record<string, unknown>, choice: number): ChatToolCallDelta {
    const id = textOf(call.id);
    const index = this.#indexOf(typeof call.index === "number" ? call.index : undefined, id, choice);
    const key = `${choice}:${index}`;
    const isNew = !this.#ids.has(key);
    if (isNew) this.#ids.set(key, id ?? `call_${choice}_${index}`);
    const extra = isRecord(call.extra_content) ? { extra_content: call.extra_content } : {};
    const opening = isNew ? { id: this.#ids.get(key) ?? "" } : {};
    if (isRecord(call.custom))
      return {
        index,
        ...opening,
        type: "custom",
        custom: named(call.custom, isNew, { input: textOf(call.custom.input) ?? "" }),
        ...extra,
      };
    const called = isRecord(call.function) ? call.function : {};
    return {
      index,
      ...opening,
      ...(isNew && { type: "function" as const }),
      function: named(called, isNew, { arguments: argumentsOf(called.arguments) }),
      ...extra,
    };
  }

  #indexOf(given: number | undefined, id: string | undefined, choice: number): number {
    const key = `${choice}:${given ?? ""}:${id ?? ""}`;
    const known =
      this.#byKey.get(key) ?? (id === undefined ? this.#byKey.get(`${choice}:${given ?? ""}:last`) : undefined);
    if (known !== undefined) return known;
    if (id === undefined && given === undefined && this.#last.has(choice)) return this.#last.get(choice) ?? 0;
    const index = this.#next.get(choice) ?? 0;
    this.#next.set(choice, index + 1);
    this.#byKey.set(key, index);
    this.#byKey.set(`${choice}:${given ?? ""}:last`, index);
    this.#last.set(choice, index);
    return index;
  }
}

function named<Rest extends object>(
  called: Record<string, unknown>,
  isNew: boolean,
  rest: Rest,
): Rest & { name?: string } {
  const name = textOf(called.name);
  return isNew && name ? { name, ...rest } : rest;
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

function statusOf(error: Record<string, unknown>): number {
  const status = Number(error.status ?? error.code);
  return status >= 400 && status < 600 ? status : 500;
}

import { annotationsOf } from "@/server/providers/cohere/citations";
import { failureOf, finishReason } from "@/server/providers/cohere/finish";
import { usageOf } from "@/server/providers/cohere/usage";
import type { DecodeContext, StreamPiece } from "@/server/providers/provider";
import type { ChatChunk, ChatFinishReason } from "@/server/wire/chat";
import { isRecord, textOf } from "@/server/wire/json";
import type { ServerSentEvent } from "@/server/wire/sse";

type Delta = ChatChunk["choices"][number]["delta"];
type Pieces = readonly StreamPiece[];
type Fields = Readonly<Record<string, unknown>>;

const NOTHING: Pieces = [];
const EMPTY: Fields = {};

/** Makes a decoder for one stream of the chat API. Source: Cohere API reference, v2 "Chat with Streaming". */
export function decodeStream(context: DecodeContext): (event: ServerSentEvent) => Pieces {
  const stream = new CohereStream(context);
  return (event) => stream.event(event.data);
}

class CohereStream {
  readonly #context: DecodeContext;
  #id: string;
  /** The role goes out with the first sign of an answer, so that a stream which fails before it can be tried elsewhere. */
  #began = false;
  #ended = false;
  /** Calls by the vendor's index: their place among the caller's, and whether arguments came. */
  readonly #calls = new Map<unknown, { readonly place: number; said: boolean }>();
  #callCount = 0;
  /** Where each block of content begins in the whole text. */
  readonly #starts = new Map<unknown, number>();
  #textLength = 0;

  constructor(context: DecodeContext) {
    this.#context = context;
    this.#id = context.id;
  }

  event(data: string): Pieces {
    if (this.#ended) return NOTHING;
    const event = parse(data);
    // A malformed event is passed over: every event stands for itself.
    if (!isRecord(event)) return NOTHING;
    const delta = isRecord(event.delta) ? event.delta : EMPTY;
    const message = isRecord(delta.message) ? delta.message : EMPTY;
    switch (event.type) {
      case "message-start":
        this.#id = textOf(event.id) ?? this.#id;
        return this.#chunks([]);
      case "content-start":
        this.#starts.set(event.index, this.#textLength);
        return this.#content(message.content);
      case "content-delta":
        return this.#content(message.content);
      case "tool-plan-delta":
        return this.#reasoning(message.tool_plan);
      case "tool-call-start":
        return this.#callStart(event.index, message.tool_calls);
      case "tool-call-delta":
        return this.#callDelta(event.index, message.tool_calls);
      case "tool-call-end":
        return this.#callEnd(event.index);
      case "citation-start":
        return this.#citation(message.citations);
      case "message-end":
        return this.#messageEnd(delta);
      default:
        return event.type === undefined && typeof event.message === "string" ? this.#fail(event.message) : NOTHING;
    }
  }

  #content(content: unknown): Pieces {
    if (!isRecord(content)) return NOTHING;
    const text = textOf(content.text);
    if (text !== undefined) return this.#chunks([{ content: text }]);
    return this.#reasoning(content.thinking);
  }

  #reasoning(text: unknown): Pieces {
    const reasoning = textOf(text);
    return reasoning === undefined ? NOTHING : this.#chunks([{ reasoning_content: reasoning }]);
  }

  #callStart(index: unknown, call: unknown): Pieces {
    if (!isRecord(call)) return NOTHING;
    const called = isRecord(call.function) ? call.function : EMPTY;
    const place = this.#callCount++;
    const args = textOf(called.arguments) ?? "";
    this.#calls.set(index, { place, said: args !== "" });
    const id = textOf(call.id) ?? `call_${this.#context.id}_${place}`;
    const name = textOf(called.name) ?? "";
    return this.#chunks([
      { tool_calls: [{ index: place, id, type: "function", function: { name, arguments: args } }] },
    ]);
  }

  #callDelta(index: unknown, call: unknown): Pieces {
    const open = this.#calls.get(index);
    const text = isRecord(call) && isRecord(call.function) ? textOf(call.function.arguments) : undefined;
    if (!open || text === undefined) return NOTHING;
    open.said = true;
    return this.#chunks([{ tool_calls: [{ index: open.place, function: { arguments: text } }] }]);
  }

  /** A call without arguments gets none at all. */
  #callEnd(index: unknown): Pieces {
    const open = this.#calls.get(index);
    this.#calls.delete(index);
    if (!open || open.said) return NOTHING;
    return this.#chunks([{ tool_calls: [{ index: open.place, function: { arguments: "{}" } }] }]);
  }

  #citation(citation: unknown): Pieces {
    const block = isRecord(citation) ? citation.content_index : undefined;
    const annotations = annotationsOf(citation, this.#starts.get(block ?? 0) ?? 0);
    return annotations.length > 0 ? this.#chunks([{ annotations }]) : NOTHING;
  }

  #messageEnd(delta: Fields): Pieces {
    const reason = textOf(delta.finish_reason);
    const usage = usageOf(delta.usage);
    const counted: Pieces = usage ? [{ kind: "usage", usage }] : NOTHING;
    const failure = failureOf(reason, textOf(delta.error));
    this.#ended = true;
    if (failure) return [...counted, { kind: "error", error: failure }];
    const pieces = [...this.#calls.keys()].flatMap((index) => [...this.#callEnd(index)]);
    if (!this.#began) pieces.push(...this.#chunks([]));
    const last = this.#chunk({}, finishReason(reason, this.#callCount > 0));
    return [...pieces, ...counted, { kind: "chunk", chunk: last }, { kind: "end" }];
  }

  #fail(message: string): Pieces {
    this.#ended = true;
    return [{ kind: "error", error: { kind: "upstream_unavailable", message } }];
  }

  #chunks(deltas: readonly Delta[]): StreamPiece[] {
    const all: readonly Delta[] = this.#began ? deltas : [{ role: "assistant", content: "" }, ...deltas];
    this.#began = true;
    return all.map((delta) => {
      this.#textLength += delta.content?.length ?? 0;
      return { kind: "chunk", chunk: this.#chunk(delta, null) };
    });
  }

  #chunk(delta: Delta, reason: ChatFinishReason | null): ChatChunk {
    return {
      id: this.#id,
      object: "chat.completion.chunk",
      created: this.#context.created,
      model: "",
      choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }],
    };
  }
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

import { classifyEvent } from "@/server/providers/anthropic/classify";
import { refusalText } from "@/server/providers/anthropic/stop";
import { type OpenBlock, openBlock } from "@/server/providers/anthropic/stream-blocks";
import type { DecodeContext, StreamPiece } from "@/server/providers/provider";
import type { ChatChunk, ContentBlock } from "@/server/wire/chat";
import { isRecord, listOf, textOf } from "@/server/wire/json";
import { sayable } from "@/server/wire/messages-form";
import { endOf, finishReason } from "@/server/wire/messages-stop";
import { usageCounter } from "@/server/wire/messages-usage";
import type { ServerSentEvent } from "@/server/wire/sse";

type Delta = ChatChunk["choices"][number]["delta"];
type Pieces = readonly StreamPiece[];

const NOTHING: Pieces = [];

/** Makes a decoder for one stream of the Messages API. Source: Anthropic API reference, "Streaming Messages". */
export function decodeStream(context: DecodeContext): (event: ServerSentEvent) => Pieces {
  const stream = new MessageStream(context);
  return (event) => stream.event(event.data);
}

class MessageStream {
  readonly #created: number;
  #id: string;
  #messageId: string | undefined;
  #model = "";
  /** The role goes out with the first sign of an answer, so that a stream which fails before it can be tried elsewhere. */
  #began = false;
  #ended = false;
  readonly #blocks = new Map<unknown, OpenBlock>();
  #toolCalls = 0;
  #textLength = 0;
  #stopReason: string | undefined;
  #explanation: string | undefined;
  #stopSequence: string | undefined;
  readonly #counted = usageCounter();
  /** The blocks so far, until one comes that deltas alone cannot say: from then on each goes out whole as well. */
  #content: ContentBlock[] | undefined = [];
  readonly #sayable = sayable();

  constructor(context: DecodeContext) {
    this.#id = context.id;
    this.#created = context.created;
  }

  event(data: string): Pieces {
    if (this.#ended) return NOTHING;
    const event = parse(data);
    if (!isRecord(event)) return this.#fail("The upstream sent an event that is not JSON.");
    switch (event.type) {
      case "content_block_delta":
        return this.#blockDelta(event);
      case "content_block_start":
        return this.#blockStart(event.index, event.content_block);
      case "content_block_stop":
        return this.#blockStop(event.index);
      case "message_start":
        return this.#messageStart(isRecord(event.message) ? event.message : {});
      case "message_delta":
        return this.#messageDelta(event);
      case "message_stop":
        return this.#messageStop();
      case "error":
        return this.#error(event);
      default:
        // Pings, and events that later versions of the API may add; an error without a type is one of a proxy's.
        return event.type === undefined && "error" in event ? this.#error(event) : NOTHING;
    }
  }

  /** A proxy that lost its upstream may repeat the start, or begin another answer, which cannot be joined to the first. */
  #messageStart(message: Record<string, unknown>): Pieces {
    const id = textOf(message.id);
    if (this.#began && id !== this.#messageId)
      return this.#fail("The upstream began another answer before the first was whole.");
    this.#messageId = id;
    this.#id = id ?? this.#id;
    this.#model = textOf(message.model) ?? this.#model;
    this.#stopReason = textOf(message.stop_reason);
    const pieces = this.#count(message.usage);
    for (const [index, block] of (this.#began ? [] : listOf(message.content)).entries()) {
      pieces.push(...this.#blockStart(index, block), ...this.#blockStop(index));
    }
    return pieces;
  }

  #blockStart(index: unknown, content: unknown): Pieces {
    const block = isRecord(content) ? content : {};
    const isTool = block.type === "tool_use";
    const opened = openBlock(block, { toolIndex: this.#toolCalls, textStart: this.#textLength });
    if (isTool) this.#toolCalls++;
    this.#blocks.set(index, opened);
    if (block.type === "fallback" && isRecord(block.to)) this.#model = textOf(block.to.model) ?? this.#model;
    return this.#chunks(this.#began ? opened.start() : [{ role: "assistant", content: "" }, ...opened.start()]);
  }

  #blockDelta(event: Record<string, unknown>): Pieces {
    const block = this.#blocks.get(event.index);
    return block && isRecord(event.delta) ? this.#chunks(block.delta(event.delta)) : NOTHING;
  }

  #blockStop(index: unknown): Pieces {
    const block = this.#blocks.get(index);
    this.#blocks.delete(index);
    return block ? this.#chunks(this.#withBlocks(block)) : NOTHING;
  }

  #withBlocks(block: OpenBlock): readonly Delta[] {
    const deltas = block.stop();
    const whole = block.whole();
    if (this.#sayable(whole)) {
      this.#content?.push(whole);
      return deltas;
    }
    const content_blocks = [...(this.#content ?? []), whole];
    this.#content = undefined;
    return [...deltas.slice(0, -1), { ...deltas.at(-1), content_blocks }];
  }

  #messageDelta(event: Record<string, unknown>): Pieces {
    const delta = isRecord(event.delta) ? event.delta : {};
    this.#stopReason = textOf(delta.stop_reason) ?? this.#stopReason;
    this.#stopSequence = textOf(delta.stop_sequence) ?? this.#stopSequence;
    if (isRecord(delta.stop_details)) this.#explanation = textOf(delta.stop_details.explanation);
    return this.#count(event.usage);
  }

  #messageStop(): Pieces {
    const pieces = [...this.#blocks.keys()].flatMap((index) => [...this.#blockStop(index)]);
    const last: Delta[] = this.#began ? [] : [{ role: "assistant", content: "" }];
    if (this.#stopReason === "refusal") last.push({ refusal: refusalText(this.#explanation) });
    pieces.push(...this.#chunks(last));
    const calledTools = this.#toolCalls > 0;
    const end = endOf({ reason: this.#stopReason, sequence: this.#stopSequence, calledTools });
    const chunk = this.#chunk({}, finishReason(this.#stopReason, calledTools), end);
    pieces.push({ kind: "chunk", chunk });
    pieces.push({ kind: "end" });
    this.#ended = true;
    return pieces;
  }

  #count(usage: unknown): StreamPiece[] {
    const counted = this.#counted(usage);
    return counted ? [{ kind: "usage", usage: counted }] : [];
  }

  #error(event: Record<string, unknown>): Pieces {
    this.#ended = true;
    return [{ kind: "error", error: classifyEvent(event) }];
  }

  #fail(message: string): Pieces {
    this.#ended = true;
    return [{ kind: "error", error: { kind: "upstream_garbled", message } }];
  }

  #chunks(deltas: readonly Delta[]): Pieces {
    if (deltas.length === 0) return NOTHING;
    this.#began = true;
    return deltas.map((delta) => {
      this.#textLength += delta.content?.length ?? 0;
      return { kind: "chunk", chunk: this.#chunk(delta, null) };
    });
  }

  #chunk(
    delta: Delta,
    reason: ChatChunk["choices"][number]["finish_reason"],
    end?: ReturnType<typeof endOf>,
  ): ChatChunk {
    return {
      id: this.#id,
      object: "chat.completion.chunk",
      created: this.#created,
      model: this.#model,
      choices: [{ index: 0, delta, logprobs: null, finish_reason: reason, ...end }],
    };
  }
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch (cause) {
    // Told apart from an event by not being an object.
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

import { citedWeb } from "@/server/providers/bedrock/citations";
import { classifyException } from "@/server/providers/bedrock/classify";
import { toolName } from "@/server/providers/bedrock/decode";
import { finishReason, nativeReason } from "@/server/providers/bedrock/stop";
import { usageOf } from "@/server/providers/bedrock/usage";
import { ANSWER_TOOL } from "@/server/providers/bedrock/wire";
import type { DecodeContext, StreamPiece } from "@/server/providers/provider";
import type { ChatChunk, ChatFinishReason } from "@/server/wire/chat";
import { isRecord, textOf } from "@/server/wire/json";
import type { ServerSentEvent } from "@/server/wire/sse";

type Delta = ChatChunk["choices"][number]["delta"];
type Pieces = readonly StreamPiece[];
type Fields = Readonly<Record<string, unknown>>;

const NOTHING: Pieces = [];

/** A block while it is open. */
type OpenBlock = {
  /** Among the caller's tool calls; undefined for the answer in JSON and for blocks that are no calls. */
  readonly call?: number;
  readonly answer?: boolean;
  readonly start: number;
  /** What a call's arguments or a thought's text have come to. */
  text: string;
  signature: string;
  redacted: string;
  readonly citations: unknown[];
};

/** Makes a decoder for one stream of ConverseStream. Source: Amazon Bedrock API reference, "ConverseStreamOutput". */
export function decodeStream(context: DecodeContext): (event: ServerSentEvent) => Pieces {
  const stream = new ConverseStream(context);
  return (event) => stream.event(event);
}

class ConverseStream {
  readonly #context: DecodeContext;
  /** The role goes out with the first sign of an answer, so that a stream which fails before it can be tried elsewhere. */
  #began = false;
  #stopped = false;
  #failed = false;
  readonly #blocks = new Map<unknown, OpenBlock>();
  #calls = 0;
  #textLength = 0;

  constructor(context: DecodeContext) {
    this.#context = context;
  }

  event({ event, data }: ServerSentEvent): Pieces {
    if (this.#failed) return NOTHING;
    const fields = parse(data);
    const error = classifyException(event, fields);
    if (error) {
      this.#failed = true;
      return this.#stopped ? NOTHING : [{ kind: "error", error }];
    }
    if (!isRecord(fields)) return NOTHING;
    if (event === "metadata") return this.#metadata(fields);
    if (this.#stopped) return NOTHING;
    switch (event) {
      case "messageStart":
        return this.#chunks([]);
      case "contentBlockStart":
        return this.#blockStart(fields);
      case "contentBlockDelta":
        return this.#blockDelta(fields);
      case "contentBlockStop":
        return this.#blockStop(fields.contentBlockIndex);
      case "messageStop":
        return this.#messageStop(textOf(fields.stopReason));
      default:
        // Later versions of the API may add events.
        return NOTHING;
    }
  }

  #blockStart({ contentBlockIndex: index, start }: Fields): Pieces {
    const use = isRecord(start) && isRecord(start.toolUse) ? start.toolUse : undefined;
    if (!use) return NOTHING;
    const name = toolName(use.name);
    if (name === ANSWER_TOOL) {
      this.#open(index, { answer: true });
      return NOTHING;
    }
    const call = this.#calls++;
    this.#open(index, { call });
    const id = textOf(use.toolUseId) ?? `call_${this.#context.id}_${call}`;
    return this.#chunks([{ tool_calls: [{ index: call, id, type: "function", function: { name, arguments: "" } }] }]);
  }

  #open(index: unknown, kind: { call?: number; answer?: boolean } = {}): OpenBlock {
    const block = { ...kind, start: this.#textLength, text: "", signature: "", redacted: "", citations: [] };
    this.#blocks.set(index, block);
    return block;
  }

  /** Blocks of text and thought begin with their first delta. */
  #blockDelta({ contentBlockIndex: index, delta }: Fields): Pieces {
    if (!isRecord(delta)) return NOTHING;
    const block = this.#blocks.get(index) ?? this.#open(index);
    const text = textOf(delta.text);
    if (text !== undefined) return this.#chunks([{ content: text }]);
    if (isRecord(delta.toolUse)) return this.#input(block, textOf(delta.toolUse.input));
    if (isRecord(delta.reasoningContent)) return this.#reasoning(block, delta.reasoningContent);
    if (delta.citation !== undefined) block.citations.push(delta.citation);
    return NOTHING;
  }

  #input(block: OpenBlock, text: string | undefined): Pieces {
    if (text === undefined) return NOTHING;
    block.text += text;
    if (block.answer) return this.#chunks([{ content: text }]);
    if (block.call === undefined) return NOTHING;
    return this.#chunks([{ tool_calls: [{ index: block.call, function: { arguments: text } }] }]);
  }

  /** The text goes out as it comes; the block with its signature, which the next turn must bring back, when it is whole. */
  #reasoning(block: OpenBlock, content: Fields): Pieces {
    const text = textOf(content.text);
    block.signature += textOf(content.signature) ?? "";
    block.redacted += textOf(content.redactedContent) ?? "";
    if (text === undefined) return NOTHING;
    block.text += text;
    return this.#chunks([{ reasoning_content: text }]);
  }

  #blockStop(index: unknown): Pieces {
    const block = this.#blocks.get(index);
    this.#blocks.delete(index);
    return block ? this.#close(block) : NOTHING;
  }

  #close({ call, answer, start, text, signature, redacted, citations }: OpenBlock): Pieces {
    // A tool without arguments gets an empty text, or nothing at all.
    if (call !== undefined)
      return text === "" ? this.#chunks([{ tool_calls: [{ index: call, function: { arguments: "{}" } }] }]) : NOTHING;
    if (answer) return text === "" ? this.#chunks([{ content: "{}" }]) : NOTHING;
    const thinking: Delta[] = [
      ...(signature ? [{ thinking_blocks: [{ type: "thinking" as const, thinking: text, signature }] }] : []),
      ...(redacted ? [{ thinking_blocks: [{ type: "redacted_thinking" as const, data: redacted }] }] : []),
    ];
    const annotations = citedWeb(citations, { start, end: this.#textLength });
    const deltas = [...thinking, ...(annotations.length > 0 ? [{ annotations }] : [])];
    return deltas.length > 0 ? this.#chunks(deltas) : NOTHING;
  }

  /** The answer is whole with this; what it cost comes behind it. */
  #messageStop(stopReason: string | undefined): Pieces {
    const pieces = [...this.#blocks.keys()].flatMap((index) => [...this.#blockStop(index)]);
    if (!this.#began) pieces.push(...this.#chunks([]));
    this.#stopped = true;
    const reason = finishReason(stopReason, this.#calls > 0);
    const last = this.#chunk({}, reason, nativeReason(stopReason));
    return [...pieces, { kind: "chunk", chunk: last }, { kind: "end" }];
  }

  #metadata(fields: Fields): Pieces {
    const usage = usageOf(fields.usage);
    return usage ? [{ kind: "usage", usage }] : NOTHING;
  }

  #chunks(deltas: readonly Delta[]): StreamPiece[] {
    const all: readonly Delta[] = this.#began ? deltas : [{ role: "assistant", content: "" }, ...deltas];
    this.#began = true;
    return all.map((delta) => {
      this.#textLength += delta.content?.length ?? 0;
      return { kind: "chunk", chunk: this.#chunk(delta, null) };
    });
  }

  #chunk(delta: Delta, reason: ChatFinishReason | null, native: { native_finish_reason?: string } = {}): ChatChunk {
    return {
      id: this.#context.id,
      object: "chat.completion.chunk",
      created: this.#context.created,
      model: "",
      choices: [{ index: 0, delta, logprobs: null, finish_reason: reason, ...native }],
    };
  }
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch (cause) {
    // Passed over: every event stands for itself.
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

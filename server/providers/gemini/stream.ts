import { CandidateReader, type Delta } from "@/server/providers/gemini/candidate";
import { classifyEvent } from "@/server/providers/gemini/classify";
import { blockedText } from "@/server/providers/gemini/stop";
import { GenerateContentResponse } from "@/server/providers/gemini/wire";
import type { DecodeContext, StreamPiece } from "@/server/providers/provider";
import type { ChatChunk } from "@/server/wire/chat";
import { usageOf } from "@/server/wire/gemini-usage";
import { isRecord } from "@/server/wire/json";
import type { ServerSentEvent } from "@/server/wire/sse";

type Pieces = readonly StreamPiece[];
type Choice = ChatChunk["choices"][number];

const NOTHING: Pieces = [];

/**
 * Makes a decoder for one stream of streamGenerateContent. It has no terminal event: the answer is whole when every
 * candidate says why it ended, and only counts of tokens may follow. Source: Gemini API reference, "streamGenerateContent".
 */
export function decodeStream(context: DecodeContext): (event: ServerSentEvent) => Pieces {
  const stream = new ContentStream(context);
  return (event) => stream.event(event.data);
}

class ContentStream {
  readonly #context: DecodeContext;
  readonly #candidates = new Map<number, CandidateReader>();
  #id: string;
  #model = "";
  #ended = false;
  #failed = false;

  constructor(context: DecodeContext) {
    this.#context = context;
    this.#id = context.id;
  }

  event(data: string): Pieces {
    if (this.#failed) return NOTHING;
    const event = parse(data);
    const first = Array.isArray(event) ? event[0] : event;
    if (isRecord(first) && "error" in first) {
      this.#failed = true;
      // What comes after a whole answer cannot take it back.
      return this.#ended ? NOTHING : [{ kind: "error", error: classifyEvent(first) }];
    }
    const parsed = GenerateContentResponse.safeParse(event);
    // Events stand alone: one that cannot be read takes none of the others with it.
    return parsed.success ? this.#response(parsed.data) : NOTHING;
  }

  #response(response: GenerateContentResponse): Pieces {
    this.#id = response.responseId || this.#id;
    this.#model = response.modelVersion || this.#model;
    const usage = usageOf(response.usageMetadata);
    const counted: StreamPiece[] = usage ? [{ kind: "usage", usage }] : [];
    if (this.#ended) return counted;
    const pieces = (response.candidates ?? []).flatMap((candidate, position) =>
      this.#candidate(candidate.index ?? position, candidate),
    );
    if (this.#failed) return [...counted, ...pieces];
    pieces.push(...this.#blocked(response.promptFeedback));
    pieces.push(...counted);
    const readers = [...this.#candidates.values()];
    if (this.#ended || (readers.length > 0 && readers.every(({ finished }) => finished))) {
      this.#ended = true;
      pieces.push({ kind: "end" });
    }
    return pieces;
  }

  #candidate(index: number, candidate: NonNullable<GenerateContentResponse["candidates"]>[number]): StreamPiece[] {
    let reader = this.#candidates.get(index);
    if (!reader) {
      reader = new CandidateReader(this.#context, index);
      this.#candidates.set(index, reader);
    }
    const { deltas, logprobs, finish, error } = reader.read(candidate);
    if (this.#failed) return [];
    const pieces = deltas.map((delta, at): StreamPiece => {
      const last = at === deltas.length - 1;
      return this.#chunk({ index, delta, logprobs: (last && logprobs) || null, finish_reason: null });
    });
    if (error) {
      this.#failed = true;
      pieces.push({ kind: "error", error });
    }
    if (finish) pieces.push(this.#chunk({ index, delta: {}, logprobs: null, finish_reason: finish }));
    return pieces;
  }

  #blocked(feedback: GenerateContentResponse["promptFeedback"]): StreamPiece[] {
    if (!feedback?.blockReason || this.#candidates.size > 0) return [];
    this.#ended = true;
    const refusal = blockedText(feedback.blockReason, feedback.blockReasonMessage);
    const delta: Delta = { role: "assistant", content: "", refusal };
    return [
      this.#chunk({ index: 0, delta, logprobs: null, finish_reason: null }),
      this.#chunk({ index: 0, delta: {}, logprobs: null, finish_reason: "content_filter" }),
    ];
  }

  #chunk(choice: Choice): StreamPiece {
    const { created } = this.#context;
    return {
      kind: "chunk",
      chunk: { id: this.#id, object: "chat.completion.chunk", created, model: this.#model, choices: [choice] },
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

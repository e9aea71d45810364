import type { Classified, StreamPiece } from "@/server/providers/provider";
import type { ChatAnnotation, ChatToolCall, ContentBlock, ThinkingBlock } from "@/server/wire/chat";
import type { Usage } from "@/server/wire/usage";

/** What a caller has once a stream is over. */
export type Assembled = {
  id: string | undefined;
  model: string | undefined;
  role: string | undefined;
  content: string;
  refusal: string;
  reasoning: string;
  thinkingBlocks: ThinkingBlock[];
  toolCalls: Extract<ChatToolCall, { type: "function" }>[];
  annotations: ChatAnnotation[];
  contentBlocks: ContentBlock[];
  finishReasons: string[];
  usage: Usage | undefined;
  error: Classified | undefined;
  ended: boolean;
};

/** Puts a stream together as OpenAI's clients do: by concatenation, tool calls by their index. */
export function assemble(pieces: readonly StreamPiece[]): Assembled {
  const made: Assembled = {
    id: undefined,
    model: undefined,
    role: undefined,
    content: "",
    refusal: "",
    reasoning: "",
    thinkingBlocks: [],
    toolCalls: [],
    annotations: [],
    contentBlocks: [],
    finishReasons: [],
    usage: undefined,
    error: undefined,
    ended: false,
  };
  for (const piece of pieces) {
    // What an answer cost may be told behind its end.
    if ((made.ended && piece.kind !== "usage") || made.error)
      throw new Error(`A piece of kind ${piece.kind} came after the stream's end.`);
    if (piece.kind === "usage") made.usage = piece.usage;
    else if (piece.kind === "error") made.error = piece.error;
    else if (piece.kind === "end") made.ended = true;
    else addChunk(made, piece.chunk);
  }
  return made;
}

type Chunk = Extract<StreamPiece, { kind: "chunk" }>["chunk"];

function addChunk(made: Assembled, chunk: Chunk): void {
  made.id ??= chunk.id;
  made.model = chunk.model;
  for (const { delta, finish_reason } of chunk.choices) {
    if (delta.role) made.role = delta.role;
    made.content += delta.content ?? "";
    made.refusal += delta.refusal ?? "";
    made.reasoning += delta.reasoning_content ?? "";
    made.thinkingBlocks.push(...(delta.thinking_blocks ?? []));
    made.annotations.push(...(delta.annotations ?? []));
    made.contentBlocks.push(...(delta.content_blocks ?? []));
    if (finish_reason) made.finishReasons.push(finish_reason);
    for (const call of delta.tool_calls ?? []) {
      const known = made.toolCalls[call.index];
      if (known) known.function.arguments += call.function?.arguments ?? "";
      else {
        if (call.index !== made.toolCalls.length) throw new Error(`Tool call ${call.index} came out of turn.`);
        const { name = "", arguments: args = "" } = call.function ?? {};
        made.toolCalls.push({ id: call.id ?? "", type: "function", function: { name, arguments: args } });
      }
    }
  }
}

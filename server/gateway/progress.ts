import { chat } from "@/server/dialects/chat";
import type { StreamEncoder } from "@/server/dialects/dialect";
import { openAiDecoding } from "@/server/providers/openai-chat-decode";
import type { ProviderType } from "@/server/providers/provider";
import type { ChatChunk } from "@/server/wire/chat";
import { SseParser } from "@/server/wire/sse";

/** What a caller has of a stream that broke off, as far as another target could go on from it. */
export type Progress = {
  readonly text: string;
  /** What every chunk of one stream shares. */
  readonly head: Pick<ChatChunk, "id" | "created" | "model">;
  /** Writes the rest as the caller's dialect has it. */
  readonly encoder: StreamEncoder;
};

/** Reads what was passed on of a chat stream; undefined where it holds more than one text, or a tool call, or its end. */
export function progressOf(passed: readonly Buffer[], type: ProviderType): Progress | undefined {
  const decode = openAiDecoding(type.classify).decodeStream({ id: "", created: 0 });
  const parser = new SseParser();
  let head: Progress["head"] | undefined;
  let text = "";
  for (const bytes of passed) {
    for (const piece of parser.push(bytes).flatMap((event) => decode(event))) {
      if (piece.kind !== "chunk") continue;
      const { id, created, model, choices } = piece.chunk;
      head ??= { id, created, model };
      for (const { index, delta, finish_reason } of choices) {
        if (index > 0 || finish_reason || delta.tool_calls?.length) return undefined;
        text += delta.content ?? "";
      }
    }
  }
  return head && { text, head, encoder: chatEncoder(head) };
}

function chatEncoder({ id, created, model }: Progress["head"]): StreamEncoder {
  const located = { params: {}, query: new URLSearchParams() };
  return chat.encodeStream({ stream_options: { include_usage: false } }, { id, created, model }, located);
}

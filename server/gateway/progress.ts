import { chat } from "@/server/dialects/chat";
import type { JsonObject, StreamEncoder } from "@/server/dialects/dialect";
import { openAiDecoding } from "@/server/providers/openai-chat-decode";
import type { ProviderType } from "@/server/providers/provider";
import type { ChatChunk } from "@/server/wire/chat";
import { SseParser } from "@/server/wire/sse";

/** Of a longer answer a continuation is not tried. */
export const MAX_REMEMBERED_BYTES = 4 * 1024 * 1024;

/** What a caller has of a stream that broke off, as far as another target could go on from it. */
export type Progress = {
  readonly text: string;
  /** What every chunk of one stream shares; undefined where the caller has none yet. */
  readonly head: Pick<ChatChunk, "id" | "created" | "model"> | undefined;
  /** Writes the rest as the caller's dialect has it. */
  readonly encoder: StreamEncoder;
  /** Keeps the whole answer for later calls. */
  readonly keep?: ((answer: JsonObject) => Promise<void>) | undefined;
};

type Passing = { readonly type: ProviderType; readonly showUsage: boolean };

/** Reads what was passed on of a chat stream; undefined where it holds more than one text, or a tool call, or its end. */
export function progressOf(passed: readonly Buffer[], { type, showUsage }: Passing): Progress | undefined {
  const decode = openAiDecoding(type.classify).decodeStream({ id: "", created: 0 });
  const parser = new SseParser();
  let head: Progress["head"];
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
  return { text, head, encoder: chatEncoder(head, showUsage) };
}

/** All that the model wrote of a chat stream that was passed on: text, reasoning and arguments of tools. */
export function writtenOf(passed: readonly Buffer[], type: ProviderType): string {
  const decode = openAiDecoding(type.classify).decodeStream({ id: "", created: 0 });
  const parser = new SseParser();
  return passed
    .flatMap((bytes) => parser.push(bytes))
    .flatMap((event) => decode(event))
    .flatMap((piece) => (piece.kind === "chunk" ? [writtenIn(piece.chunk)] : []))
    .join("");
}

/** What the model wrote in one chunk. */
export function writtenIn({ choices }: ChatChunk): string {
  let text = "";
  for (const { delta } of choices) {
    text += (delta.content ?? "") + (delta.reasoning_content ?? "") + (delta.refusal ?? "");
    for (const { function: called, custom } of delta.tool_calls ?? [])
      text += (called?.name ?? "") + (called?.arguments ?? "") + (custom?.input ?? "");
  }
  return text;
}

function chatEncoder(head: Progress["head"], showUsage: boolean): StreamEncoder {
  const located = { params: {}, query: new URLSearchParams() };
  const context = head ?? { id: "", created: 0, model: "" };
  return chat.encodeStream({ stream_options: { include_usage: showUsage } }, context, located);
}

import { chat } from "@/server/dialects/chat";
import type { StreamEncoder } from "@/server/dialects/dialect";
import { openAiDecoding } from "@/server/providers/openai-chat-decode";
import type { ProviderType } from "@/server/providers/provider";
import type { ChatChunk } from "@/server/wire/chat";
import { isRecord, jsonOf, listOf } from "@/server/wire/json";
import { SseParser } from "@/server/wire/sse";
import type { Usage } from "@/server/wire/usage";

/** Of a longer answer a continuation is not tried. */
export const MAX_REMEMBERED_BYTES = 4 * 1024 * 1024;

/** What a caller has of a stream that broke off, as far as another target could go on from it. */
export type Progress = {
  readonly text: string;
  /** Whether the caller has a thought, or the beginning of one: then it gets no second. */
  readonly thought: boolean;
  /** What every chunk of one stream shares; undefined where the caller has none yet. */
  readonly head: Pick<ChatChunk, "id" | "created" | "model"> | undefined;
  /** Writes the rest as the caller's dialect has it. */
  readonly encoder: StreamEncoder;
  /** The tokens of what the caller has; undefined before it is known how the stream broke off. */
  readonly usage?: Usage | undefined;
};

type Passing = { readonly type: ProviderType; readonly showUsage: boolean };

type Delta = ChatChunk["choices"][number]["delta"];

/** Whether a piece holds what no other target can go on from: a call of a tool, a refusal, speech, pictures. */
export function isFinal({ tool_calls, refusal, audio, images }: Delta): boolean {
  return Boolean(tool_calls?.length || refusal || audio || images?.length);
}

/** Whether a piece holds a thought. */
export function isThought({ reasoning_content, thinking_blocks }: Delta): boolean {
  return Boolean(reasoning_content || thinking_blocks?.length);
}

/** What is final too, but is not read into the canonical form of an OpenAI-like stream. */
const UNREAD = ["function_call", "audio", "images"] as const;

/** Reads what was passed on of a chat stream; undefined where it holds more than one text, what is final, or its end. */
export function progressOf(passed: readonly Buffer[], { type, showUsage }: Passing): Progress | undefined {
  const decode = openAiDecoding(type.classify).decodeStream({ id: "", created: 0 });
  const parser = new SseParser();
  let head: Progress["head"];
  let text = "";
  let thought = false;
  for (const event of passed.flatMap((bytes) => parser.push(bytes))) {
    if (holdsUnread(event.data)) return undefined;
    for (const piece of decode(event)) {
      if (piece.kind !== "chunk") continue;
      const { id, created, model, choices } = piece.chunk;
      head ??= { id, created, model };
      for (const { index, delta, finish_reason } of choices) {
        if (index > 0 || finish_reason || isFinal(delta)) return undefined;
        text += delta.content ?? "";
        thought ||= isThought(delta);
      }
    }
  }
  return { text, thought, head, encoder: chatEncoder(head, showUsage) };
}

function holdsUnread(data: string): boolean {
  // Nearly no event names any of them, and then it need not be parsed.
  if (!UNREAD.some((name) => data.includes(`"${name}"`))) return false;
  const body = jsonOf(data);
  return listOf(isRecord(body) ? body.choices : undefined).some((choice) => {
    const delta = isRecord(choice) ? choice.delta : undefined;
    return isRecord(delta) && UNREAD.some((name) => isRecord(delta[name]) || listOf(delta[name]).length > 0);
  });
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

import type { AnswerContext, JsonObject, Resumed } from "@/server/dialects/dialect";
import { MessagesStream } from "@/server/dialects/messages/stream";
import { isRecord, jsonOf, listOf, textOf } from "@/server/wire/json";
import type { ServerSentEvent } from "@/server/wire/sse";

/** What a caller has of a stream, as far as blocks and text go. */
type Seen = { begun: boolean; thought: boolean; blocks: number; open: "text" | "thinking" | undefined; text: string };

const THOUGHTS: ReadonlySet<unknown> = new Set(["thinking", "redacted_thinking"]);

/**
 * Goes on with a stream of the Messages API that broke off. Undefined where it cannot be gone on with: within a thought, after a call of
 * a tool, after its end, or where it holds what only its vendor can write.
 */
export function resume(
  events: readonly ServerSentEvent[],
  about: { readonly body: JsonObject; readonly context: AnswerContext },
): Resumed | undefined {
  const seen: Seen = { begun: false, thought: false, blocks: 0, open: undefined, text: "" };
  for (const { data } of events) {
    // An event that nobody can read, or that is no JSON, is none that one can go on from.
    const event = jsonOf(data);
    if (!isRecord(event) || !take(seen, event)) return undefined;
  }
  const { begun, text, thought, blocks, open } = seen;
  if (!begun) return { text, thought, encoder: new MessagesStream(about.body, about.context) };
  if (open === "thinking") return undefined;
  const from = { text, blocks, open: open && { type: open, index: blocks - 1 } };
  return { text, thought, encoder: new MessagesStream(about.body, about.context, from) };
}

/** False for an event after which nobody else can go on. */
function take(seen: Seen, event: Record<string, unknown>): boolean {
  switch (event.type) {
    case "ping":
      return true;
    case "message_start":
      seen.begun = true;
      return isRecord(event.message) && listOf(event.message.content).length === 0;
    case "content_block_start":
      return begin(seen, isRecord(event.content_block) ? event.content_block : {});
    case "content_block_delta":
      return grow(seen, isRecord(event.delta) ? event.delta : {});
    case "content_block_stop":
      seen.open = undefined;
      return true;
    default:
      return false;
  }
}

/** Thoughts come first, then one text. */
function begin(seen: Seen, { type, text }: Record<string, unknown>): boolean {
  if (seen.text !== "" || seen.open) return false;
  seen.blocks++;
  seen.open = type === "text" ? "text" : "thinking";
  seen.thought ||= seen.open === "thinking";
  seen.text += textOf(text) ?? "";
  return type === "text" || THOUGHTS.has(type);
}

function grow(seen: Seen, { type, text }: Record<string, unknown>): boolean {
  if (type === "thinking_delta" || type === "signature_delta") return seen.open === "thinking";
  if (type !== "text_delta" || seen.open !== "text") return false;
  seen.text += textOf(text) ?? "";
  return true;
}

import { writeStream } from "@/server/dialects/completions/answer";
import type { AnswerContext, JsonObject, Resumed } from "@/server/dialects/dialect";
import { isRecord, jsonOf, listOf, textOf } from "@/server/wire/json";
import type { ServerSentEvent } from "@/server/wire/sse";

/** What a caller has of a stream: what its events say of themselves, and its text. */
type Seen = { head: JsonObject | undefined; text: string };

/**
 * Goes on with a stream of completions that broke off. Undefined where it cannot be gone on with: of several answers, after its end,
 * where the prompt is repeated in it, or where it is to lead up to a `suffix`, which no chat is told of.
 */
export function resume(
  events: readonly ServerSentEvent[],
  about: { readonly body: JsonObject; readonly context: AnswerContext },
): Resumed | undefined {
  if (about.body.echo === true || textOf(about.body.suffix) !== undefined) return undefined;
  const seen: Seen = { head: undefined, text: "" };
  for (const { data } of events) {
    // An event that nobody can read, or that is no JSON, is none that one can go on from.
    const event = jsonOf(data);
    if (!isRecord(event) || !take(seen, event)) return undefined;
  }
  const { head, text } = seen;
  const encoder = writeStream(about.body, about.context, head && { head, text });
  return { text, thought: false, encoder };
}

/** False for an event after which nobody else can go on. */
function take(seen: Seen, event: JsonObject): boolean {
  const { id, created, model } = event;
  seen.head ??= { id, created, model };
  return listOf(event.choices).every((choice) => {
    if (!isRecord(choice) || (choice.index ?? 0) !== 0 || choice.finish_reason) return false;
    seen.text += textOf(choice.text) ?? "";
    return true;
  });
}

import type { AnswerContext, JsonObject, Resumed } from "@/server/dialects/dialect";
import { ResponseStream } from "@/server/dialects/responses/stream";
import type { BegunMessage } from "@/server/dialects/responses/stream-items";
import { countOf, isRecord, jsonOf, listOf, textOf } from "@/server/wire/json";
import type { ServerSentEvent } from "@/server/wire/sse";

type Part = BegunMessage["parts"][number];

/** What a caller has of a stream. */
type Seen = {
  response: JsonObject | undefined;
  sequence: number;
  /** Items that are done. */
  items: JsonObject[];
  /** The item after them. */
  open: JsonObject | undefined;
  /** Of an open message. */
  parts: Part[];
  last: BegunMessage["last"];
  thought: boolean;
  text: string;
};

/**
 * Goes on with a stream of responses that broke off. Undefined where it cannot be gone on with: within a thought, after a refusal or a
 * call of a tool, after its end, or where it holds what only its vendor can write.
 */
export function resume(
  events: readonly ServerSentEvent[],
  about: { readonly body: JsonObject; readonly context: AnswerContext },
): Resumed | undefined {
  const seen: Seen = {
    ...{ response: undefined, sequence: 0, items: [], open: undefined },
    ...{ parts: [], last: "closed", thought: false, text: "" },
  };
  for (const { data } of events) {
    // An event that nobody can read, or that is no JSON, is none that one can go on from.
    const event = jsonOf(data);
    if (!isRecord(event) || !take(seen, event)) return undefined;
    seen.sequence = Math.max(seen.sequence, countOf(event.sequence_number) ?? seen.sequence) + 1;
  }
  const { response, sequence, items, open, parts, last, thought, text } = seen;
  if (!response) return { text, thought, encoder: new ResponseStream(about.body, about.context) };
  if (open && open.type !== "message") return undefined;
  const message = open && { item: open, parts, last };
  const encoder = new ResponseStream(about.body, about.context, { response, sequence, items, message });
  return { text, thought, encoder };
}

/** False for an event after which nobody else can go on. */
function take(seen: Seen, event: JsonObject): boolean {
  const item = isRecord(event.item) ? event.item : {};
  const part = seen.parts.at(-1);
  switch (event.type) {
    case "response.created":
    case "response.queued":
    case "response.in_progress":
      seen.response ??= isRecord(event.response) ? event.response : undefined;
      return true;
    case "keepalive":
      return true;
    case "response.output_item.added":
      return countOf(event.output_index) === seen.items.length && begin(seen, item);
    case "response.output_item.done":
      if (seen.open?.id !== item.id) return false;
      seen.open = undefined;
      seen.items.push(item);
      return true;
    case "response.content_part.added":
    case "response.output_text.delta":
    case "response.output_text.annotation.added":
    case "response.output_text.done":
    case "response.content_part.done":
      return speak(seen, event, part);
    default:
      // What a model thinks comes as text or as summaries.
      return seen.open?.type === "reasoning" && String(event.type).startsWith("response.reasoning");
  }
}

/** Thoughts come first, then one message. */
function begin(seen: Seen, item: JsonObject): boolean {
  if (seen.open || seen.items.some(({ type }) => type === "message") || textOf(item.id) === undefined) return false;
  seen.open = item;
  seen.thought ||= item.type === "reasoning";
  return item.type === "reasoning" || (item.type === "message" && listOf(item.content).length === 0);
}

function speak(seen: Seen, event: JsonObject, part: Part | undefined): boolean {
  if (event.type === "response.content_part.added") return addPart(seen, isRecord(event.part) ? event.part : {});
  if (!part || seen.open?.type !== "message" || seen.last === "closed") return false;
  switch (event.type) {
    case "response.output_text.delta": {
      const delta = textOf(event.delta) ?? "";
      part.text += delta;
      part.logprobs.push(...listOf(event.logprobs));
      seen.text += delta;
      return seen.last === "open";
    }
    case "response.output_text.annotation.added":
      if (isRecord(event.annotation)) part.annotations.push(event.annotation);
      return true;
    default:
      seen.last = event.type === "response.output_text.done" ? "said" : "closed";
      return true;
  }
}

function addPart(seen: Seen, { type, text }: JsonObject): boolean {
  if (type !== "output_text" || seen.last !== "closed" || seen.open?.type !== "message") return false;
  seen.parts.push({ type, text: textOf(text) ?? "", annotations: [], logprobs: [] });
  seen.last = "open";
  seen.text += textOf(text) ?? "";
  return true;
}

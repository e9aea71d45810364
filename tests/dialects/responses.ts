import type { AnswerContext, JsonObject, Located } from "@/server/dialects/dialect";
import { responses } from "@/server/dialects/responses";
import type { ChatChunk } from "@/server/wire/chat";
import type { Usage } from "@/server/wire/usage";
import { noUsage } from "@/server/wire/usage";
import { eventsOf } from "@/tests/providers/recordings";
import { validateAgainst } from "@/tests/support/openai-schema";

export const context: AnswerContext = { id: "0123456789abcdef0123456789abcdef", created: 1_700_000_000, model: "m" };
export const located: Located = { params: {}, query: new URLSearchParams() };
export const usage: Usage = { ...noUsage, input: 10, cachedInput: 4, output: 7, reasoning: 3 };

type Choice = ChatChunk["choices"][number];
export type Piece = Choice["delta"] & { finish?: Choice["finish_reason"]; logprobs?: Choice["logprobs"] };

/** One streamed piece of an answer. */
export function piece({ finish = null, logprobs = null, ...delta }: Piece): ChatChunk {
  return {
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    created: 1,
    model: "upstream",
    choices: [{ index: 0, delta, logprobs, finish_reason: finish }],
  };
}

export type Event = JsonObject & { type: string };

/** The events of an encoder's text; throws where `event:` and `type`, or the sequence, are not in step. */
export function written(text: string): Event[] {
  return eventsOf([Buffer.from(text)]).map(({ event, data }, index) => {
    const parsed: Event = JSON.parse(data);
    if (parsed.type !== event) throw new Error(`An event ${event} is of type ${parsed.type}.`);
    if (parsed.sequence_number !== index) throw new Error(`Event ${index} is numbered ${parsed.sequence_number}.`);
    return parsed;
  });
}

/** A whole stream's events from its pieces. */
export function streamed(pieces: readonly Piece[], body: JsonObject = { model: "m", input: "Hi" }): Event[] {
  const encoder = responses.encodeStream(body, context, located);
  return written(pieces.map((one) => encoder.chunk(piece(one))).join("") + encoder.finish(usage));
}

/** What OpenAI's description finds wrong with a stream's events, with their types. */
export function eventFaults(events: readonly Event[]): string[] {
  return events.flatMap((event) => {
    const faults = validateAgainst("ResponseStreamEvent", event);
    return faults.length === 0
      ? []
      : [`${event.type}: ${validateAgainst(schemaOf(event.type), event).join("; ") || faults[0]}`];
  });
}

/** The schema of one event, whose faults say more than those of the union of all. */
function schemaOf(type: string): string {
  const name = type.replace(/^response\./, "").replace("output_text.annotation", "output_text_annotation");
  const words = name.split(/[._]/).map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `Response${words.join("").replace("OutputTextDelta", "TextDelta").replace("OutputTextDone", "TextDone")}Event`;
}

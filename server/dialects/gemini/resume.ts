import type { AnswerContext, JsonObject, Resumed } from "@/server/dialects/dialect";
import { field, record } from "@/server/dialects/gemini/request";
import { writeStream } from "@/server/dialects/gemini/stream";
import { isRecord, jsonOf, listOf, textOf } from "@/server/wire/json";
import type { ServerSentEvent } from "@/server/wire/sse";

/** What a caller has of a stream. */
type Seen = { modelVersion: string | undefined; responseId: string | undefined; text: string; thought: boolean };

/** All that a part may hold of which another target can go on; a signature is of use to its vendor alone. */
const KNOWN: ReadonlySet<string> = new Set(["text", "thought", "thoughtSignature"]);

/**
 * Goes on with a stream of generateContent that broke off. Undefined where it cannot be gone on with: of several answers, after its end,
 * or where it holds or was to hold anything but text and thoughts.
 */
export function resume(
  events: readonly ServerSentEvent[],
  about: { readonly body: JsonObject; readonly context: AnswerContext },
): Resumed | undefined {
  const config = record(about.body, "generationConfig");
  const answers = field(config, "candidateCount") ?? 1;
  if (answers !== 1 || listOf(field(config, "responseModalities")).some((kind) => kind !== "TEXT")) return undefined;
  const seen: Seen = { modelVersion: undefined, responseId: undefined, text: "", thought: false };
  for (const { data } of events) {
    // An event that nobody can read, or that is no JSON, is none that one can go on from.
    const response = jsonOf(data);
    if (!isRecord(response) || !take(seen, response)) return undefined;
  }
  const { text, thought } = seen;
  return { text, thought, encoder: writeStream(about.body, about.context, seen) };
}

/** False for a response after which nobody else can go on. */
function take(seen: Seen, response: JsonObject): boolean {
  seen.modelVersion ??= textOf(response.modelVersion);
  seen.responseId ??= textOf(response.responseId);
  if (isRecord(response.promptFeedback) && response.promptFeedback.blockReason) return false;
  return listOf(response.candidates).every((candidate) => {
    if (!isRecord(candidate) || (candidate.index ?? 0) !== 0 || candidate.finishReason) return false;
    return listOf(record(candidate, "content").parts).every((part) => isRecord(part) && takePart(seen, part));
  });
}

function takePart(seen: Seen, part: JsonObject): boolean {
  if (!Object.keys(part).every((name) => KNOWN.has(name))) return false;
  if (part.thought === true) seen.thought = true;
  else seen.text += textOf(part.text) ?? "";
  return true;
}

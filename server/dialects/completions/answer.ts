import { logprobsOf } from "@/server/dialects/completions/logprobs";
import { promptOf } from "@/server/dialects/completions/request";
import type { AnswerContext, JsonObject, StreamEncoder } from "@/server/dialects/dialect";
import type { ChatChunk, ChatCompletion, ChatFinishReason } from "@/server/wire/chat";
import { openaiError } from "@/server/wire/error";
import { isRecord } from "@/server/wire/json";
import { SSE_DONE, sseData } from "@/server/wire/sse";
import { chatUsage, type Usage } from "@/server/wire/usage";

/** A canonical answer as completions: the text that the model says, without its reasoning. */
export function encodeAnswer(
  { choices, system_fingerprint }: ChatCompletion,
  { usage, body, context }: { usage: Usage | undefined; body: JsonObject; context: AnswerContext },
): JsonObject {
  const echo = echoOf(body);
  return {
    ...head(context),
    choices: choices.map(({ index, message, logprobs, finish_reason }) => ({
      index,
      text: echo + (message.content || message.refusal || ""),
      logprobs: logprobsOf(logprobs, echo.length),
      finish_reason: finishOf(finish_reason),
    })),
    ...(system_fingerprint && { system_fingerprint }),
    ...(usage && { usage: chatUsage(usage) }),
  };
}

/** A stream that broke off: what each of its events says of itself, and its text. */
type Broken = { readonly head: JsonObject; readonly text: string };

/**
 * Writes completions piece by piece; an echo of the prompt goes before the first piece of each. `from` is where a stream that broke off
 * is gone on with.
 */
export function writeStream(body: JsonObject, context: AnswerContext, from?: Broken): StreamEncoder {
  const echo = echoOf(body);
  const showUsage = isRecord(body.stream_options) && body.stream_options.include_usage === true;
  const lengths = new Map<number, number>(from && [[0, from.text.length]]);
  const base = { ...head(context), ...from?.head, ...(showUsage && { usage: null }) };
  const said = ({ index, delta, logprobs, finish_reason }: ChatChunk["choices"][number]): string => {
    const begun = lengths.get(index);
    const piece = delta.content || delta.refusal || "";
    const text = begun === undefined ? echo + piece : piece;
    if (text === "" && !finish_reason) return "";
    const start = begun ?? echo.length;
    lengths.set(index, start + piece.length);
    const choice = { index, text, logprobs: logprobsOf(logprobs, start), finish_reason: finishOf(finish_reason) };
    return sseData({ ...base, choices: [choice] });
  };
  return {
    chunk: (chunk) => chunk.choices.map(said).join(""),
    finish: (usage) =>
      (showUsage && usage ? sseData({ ...base, choices: [], usage: chatUsage(usage) }) : "") + SSE_DONE,
    fail: (error) => sseData(openaiError(error)),
  };
}

function head({ id, created, model }: AnswerContext): JsonObject {
  return { id: `cmpl-${id}`, object: "text_completion", created, model };
}

function echoOf(body: JsonObject): string {
  return body.echo === true ? promptOf(body) : "";
}

function finishOf(reason: ChatFinishReason | null | undefined): string | null {
  return reason === "tool_calls" ? "stop" : (reason ?? null);
}

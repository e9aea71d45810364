import type { Caller } from "@/tests/matrix/callers/caller";
import { tokensOf } from "@/tests/matrix/callers/chat";
import { at, events, list, text } from "@/tests/matrix/json";

const NO_FIELD = "the legacy completions API has no field for it";

export const completions: Caller = {
  id: "completions",
  path: () => "/v1/completions",
  body: ({ model, prompt, stream }) => ({
    model,
    prompt,
    max_tokens: 400,
    ...(stream && { stream: true, stream_options: { include_usage: true } }),
  }),
  followUp: (request) => request,
  read: (answer) => ({
    text: text(answer, "choices", 0, "text"),
    reasoning: "",
    calls: [],
    finish: text(answer, "choices", 0, "finish_reason"),
    tokens: tokensOf(at(answer, "usage")),
  }),
  readStream: (stream) => {
    const chunks = events(stream);
    if (chunks.at(-1) !== "[DONE]") throw new Error(`The stream does not end with [DONE]:\n${stream}`);
    const choices = chunks.flatMap((chunk) => list(chunk, "choices"));
    return {
      text: choices.map((choice) => text(choice, "text")).join(""),
      reasoning: "",
      calls: [],
      finish: choices.map((choice) => text(choice, "finish_reason")).findLast((reason) => reason !== ""),
      tokens: tokensOf(chunks.map((chunk) => at(chunk, "usage")).findLast((usage) => usage)),
    };
  },
  errorOf: (error) => (text(error, "error", "type") ? text(error, "error", "message") : undefined),
  lacks: {
    tools: NO_FIELD,
    "stream tools": NO_FIELD,
    image: "the legacy completions API takes a prompt of text alone",
    reasoning: NO_FIELD,
    structured: NO_FIELD,
  },
};

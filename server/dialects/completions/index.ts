import { encodeAnswer, writeStream } from "@/server/dialects/completions/answer";
import { readStream, readWhole } from "@/server/dialects/completions/read";
import { CompletionsRequest, toCanonical } from "@/server/dialects/completions/request";
import { resume } from "@/server/dialects/completions/resume";
import type { TextDialect } from "@/server/dialects/dialect";
import { openaiError } from "@/server/wire/error";
import { countOf } from "@/server/wire/json";

/** OpenAI's older completions. Source: OpenAI API reference, "Create completion". */
export const completions: TextDialect = {
  id: "completions",
  schema: CompletionsRequest,
  read: (body) => ({ model: String(body.model), stream: body.stream === true }),
  toCanonical,
  askedOutput: (body) => countOf(body.max_tokens),
  limitOutput: (_body, tokens) => ({ max_tokens: tokens }),
  encodeAnswer,
  encodeStream: (body, context) => writeStream(body, context),
  readWhole,
  readStream,
  resume,
  errorBody: openaiError,
};

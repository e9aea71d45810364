import type { TextDialect } from "@/server/dialects/dialect";
import { eventReader, readWhole } from "@/server/dialects/responses/read";
import { resume } from "@/server/dialects/responses/resume";
import { ResponsesRequest, readAsked } from "@/server/dialects/responses/schema";
import { ResponseStream } from "@/server/dialects/responses/stream";
import { toCanonical } from "@/server/dialects/responses/to-canonical";
import type { ChatChunk, ChatCompletion } from "@/server/wire/chat";
import { openaiError } from "@/server/wire/error";
import { countOf } from "@/server/wire/json";

/** OpenAI's responses. Source: OpenAI API reference, "Create a model response". */
export const responses: TextDialect = {
  id: "responses",
  schema: ResponsesRequest,
  read: readAsked,
  toCanonical,
  askedOutput: (body) => countOf(body.max_output_tokens),
  limitOutput: (_body, tokens) => ({ max_output_tokens: tokens }),
  encodeAnswer: (completion, { usage, body, context }) => {
    // A whole answer is a stream of one piece whose events nobody reads.
    const stream = new ResponseStream(body, context);
    stream.chunk(inOnePiece(completion));
    stream.finish(usage);
    return stream.answer() ?? {};
  },
  encodeStream: (body, context) => new ResponseStream(body, context),
  readWhole,
  readStream: eventReader,
  resume,
  errorBody: openaiError,
};

function inOnePiece({ choices, ...completion }: ChatCompletion): ChatChunk {
  return {
    ...completion,
    object: "chat.completion.chunk",
    choices: choices.map(({ message, ...choice }) => {
      const { tool_calls, ...delta } = message;
      return { ...choice, delta: { ...delta, ...(tool_calls && { tool_calls: tool_calls.map(numbered) }) } };
    }),
  };
}

function numbered<Called>(call: Called, index: number): Called & { index: number } {
  return { ...call, index };
}

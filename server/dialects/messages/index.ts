import type { TextDialect } from "@/server/dialects/dialect";
import { encodeAnswer } from "@/server/dialects/messages/answer";
import { errorBody } from "@/server/dialects/messages/error";
import { readStream, readWhole } from "@/server/dialects/messages/read";
import { limitOutput, MessagesRequest, read, toCanonical } from "@/server/dialects/messages/request";
import { resume } from "@/server/dialects/messages/resume";
import { MessagesStream } from "@/server/dialects/messages/stream";
import { countOf } from "@/server/wire/json";

/** Anthropic's Messages API. Source: Anthropic API reference, "Create a Message", version 2023-06-01. */
export const messages: TextDialect = {
  id: "messages",
  schema: MessagesRequest,
  read,
  toCanonical,
  askedOutput: (body) => countOf(body.max_tokens),
  limitOutput,
  encodeAnswer,
  encodeStream: (body, context) => new MessagesStream(body, context),
  readWhole,
  readStream,
  resume,
  errorBody,
};

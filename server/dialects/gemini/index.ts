import type { TextDialect } from "@/server/dialects/dialect";
import { encodeAnswer } from "@/server/dialects/gemini/answer";
import { errorBody } from "@/server/dialects/gemini/error";
import { readStream, readWhole } from "@/server/dialects/gemini/read";
import { askedOutput, GenerateContentRequest, limitOutput, read } from "@/server/dialects/gemini/request";
import { resume } from "@/server/dialects/gemini/resume";
import { writeStream } from "@/server/dialects/gemini/stream";
import { toCanonical } from "@/server/dialects/gemini/to-canonical";

/** Gemini's generateContent, as Google's SDKs speak it. Source: Gemini API reference, "models.generateContent". */
export const generateContent: TextDialect = {
  id: "gemini",
  schema: GenerateContentRequest,
  read,
  toCanonical,
  askedOutput,
  limitOutput,
  encodeAnswer,
  encodeStream: (body, context) => writeStream(body, context),
  readWhole,
  readStream,
  resume,
  errorBody,
};

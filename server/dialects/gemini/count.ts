import { z } from "zod";
import type { Canonical, JsonObject, Located } from "@/server/dialects/dialect";
import { addressed, field, GenerateContentRequest, refused } from "@/server/dialects/gemini/request";
import { toCanonical } from "@/server/dialects/gemini/to-canonical";
import { isRecord } from "@/server/wire/json";

/** A request of countTokens: contents alone, or a whole request of generateContent. Source: Gemini API reference, "countTokens". */
export const CountTokensRequest: z.ZodType<JsonObject> = z.looseObject({});

/** The model of a request of countTokens, and what is counted; throws `invalid_request` for what is malformed. */
export function countedRequest(body: JsonObject, located: Located): { model: string; canonical: () => Canonical } {
  const whole = field(body, "generateContentRequest");
  const parsed = GenerateContentRequest.safeParse(isRecord(whole) ? whole : body);
  if (!parsed.success) throw refused("contents", "Expected contents, or a generateContentRequest with some.");
  return { model: addressed(located).model, canonical: () => toCanonical(parsed.data, located) };
}

import { z } from "zod";
import { GatewayError } from "@/server/errors";

/** A part of a content, as sent or received. Source: Gemini API reference, "Content", "Part". */
export type Part = Record<string, unknown>;

/** One turn of a conversation. */
export type Content = { role: "user" | "model"; parts: Part[] };

/** An answer of generateContent, and equally one event of its stream; only what is read is checked. */
export const GenerateContentResponse = z.looseObject({
  candidates: z
    .array(
      z.looseObject({
        index: z.number().nullish(),
        content: z.looseObject({ parts: z.array(z.looseObject({})).nullish() }).nullish(),
        finishReason: z.string().nullish(),
        finishMessage: z.string().nullish(),
      }),
    )
    .nullish(),
  promptFeedback: z
    .looseObject({ blockReason: z.string().nullish(), blockReasonMessage: z.string().nullish() })
    .nullish(),
  usageMetadata: z.looseObject({}).nullish(),
  modelVersion: z.string().nullish(),
  responseId: z.string().nullish(),
});
export type GenerateContentResponse = z.infer<typeof GenerateContentResponse>;
export type Candidate = NonNullable<GenerateContentResponse["candidates"]>[number];

/** A value of the caller's request, checked; throws `invalid_request` that names the field below `path`. */
export function checked<T>(schema: z.ZodType<T>, value: unknown, path: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw refused([path, ...(issue?.path ?? [])].join("."), issue?.message ?? "Invalid input.");
}

/** The error for a field of the caller's request that cannot be translated. */
export function refused(param: string, message: string): GatewayError {
  return new GatewayError("invalid_request", `Invalid value for '${param}': ${message}`, { param });
}

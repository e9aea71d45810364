import { z } from "zod";
import { GatewayError } from "@/server/errors";
import { isRecord } from "@/server/wire/json";

/**
 * A content block of Anthropic's Messages API, as sent or received. Blocks that the gateway makes are checked against the
 * official SDK's types where they are made; those it does not know pass as they are.
 */
export type Block = { type: string; [field: string]: unknown };

/** The value when it is a content block. */
export function blockOf(value: unknown): Block | undefined {
  return isRecord(value) && typeof value.type === "string" ? { ...value, type: value.type } : undefined;
}

/** A turn as the Messages API takes it. */
export type Turn = { role: "user" | "assistant" | "system"; content: Block[] };

/** An answer of the Messages API; only what is read is checked. Source: Anthropic API reference, "Messages". */
export const Message = z.looseObject({
  id: z.string().nullish(),
  model: z.string().nullish(),
  content: z.array(z.looseObject({ type: z.string() })),
  stop_reason: z.string().nullish(),
  stop_sequence: z.string().nullish(),
  stop_details: z.looseObject({ explanation: z.string().nullish() }).nullish(),
  usage: z.looseObject({}).nullish(),
});
export type Message = z.infer<typeof Message>;

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

import type { GatewayError } from "@/server/errors";

/** OpenAI's error body. Source: OpenAI API reference, "Error codes". */
export function openaiError(error: GatewayError): {
  error: { message: string; type: string; param: string | null; code: string | null };
} {
  return { error: { message: error.message, type: error.type, param: error.param, code: error.code } };
}

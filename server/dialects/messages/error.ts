import type { JsonObject } from "@/server/dialects/dialect";
import type { GatewayError } from "@/server/errors";

/** Anthropic's error body. Source: Anthropic API reference, "Errors". */
export function errorBody(error: GatewayError, requestId?: string): JsonObject {
  return {
    type: "error",
    error: { type: error.anthropicType, message: error.message },
    ...(requestId !== undefined && { request_id: requestId }),
  };
}

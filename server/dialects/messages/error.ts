import type { JsonObject } from "@/server/dialects/dialect";
import { THREAD_UNSUPPORTED } from "@/server/dialects/messages/request";
import type { GatewayError } from "@/server/errors";

/** Anthropic's error body. Source: Anthropic API reference, "Errors". */
export function errorBody(error: GatewayError, requestId?: string): JsonObject {
  return {
    type: "error",
    error: {
      type: error.anthropicType,
      message: error.message,
      ...(error.code === THREAD_UNSUPPORTED && { details: { error_code: error.code } }),
    },
    ...(requestId !== undefined && { request_id: requestId }),
  };
}

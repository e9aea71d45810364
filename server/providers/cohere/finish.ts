import type { Classified } from "@/server/providers/provider";
import type { ChatFinishReason } from "@/server/wire/chat";

/** Why the model stopped, in OpenAI's words. Source: Cohere API reference, v2 "Chat", `finish_reason`. */
export function finishReason(reason: string | undefined, hasToolCalls: boolean): ChatFinishReason {
  switch (reason) {
    case "MAX_TOKENS":
      return "length";
    case "ERROR_TOXIC":
      return "content_filter";
    case "COMPLETE":
    case "STOP_SEQUENCE":
      return "stop";
    default:
      return hasToolCalls ? "tool_calls" : "stop";
  }
}

/** The failures that come as a reason to stop; undefined for all others. */
export function failureOf(reason: string | undefined, message: string | undefined): Classified | undefined {
  if (reason === "TIMEOUT")
    return { kind: "upstream_timeout", message: message ?? "The model did not finish in time." };
  if (reason === "ERROR") return { kind: "upstream_unavailable", message: message ?? "The model failed." };
  return undefined;
}

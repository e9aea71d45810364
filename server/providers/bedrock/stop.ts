import type { ChatFinishReason } from "@/server/wire/chat";

/**
 * Why the model stopped, in OpenAI's words. What a guardrail or a filter kept back is `content_filter`; output that the model
 * left malformed ends like any other, and the upstream's own word is passed on beside. Source: Amazon Bedrock API reference,
 * "Converse", `stopReason`.
 */
export function finishReason(stopReason: string | null | undefined, hasToolCalls: boolean): ChatFinishReason {
  switch (stopReason) {
    case "max_tokens":
    case "model_context_window_exceeded":
      return "length";
    case "guardrail_intervened":
    case "content_filtered":
    case "refusal":
      return "content_filter";
    case "stop_sequence":
      return "stop";
    default:
      return hasToolCalls ? "tool_calls" : "stop";
  }
}

const PLAIN: ReadonlySet<string> = new Set(["end_turn", "tool_use", "max_tokens", "stop_sequence"]);

/** The upstream's word where it says more than OpenAI's. */
export function nativeReason(stopReason: string | null | undefined): { native_finish_reason?: string } {
  return stopReason && !PLAIN.has(stopReason) ? { native_finish_reason: stopReason } : {};
}

import type { ChatFinishReason } from "@/server/wire/chat";

/** Anthropic's stop reason in OpenAI's words. `pause_turn` and `compaction` are ends of a turn like any other there. */
export function finishReason(reason: string | null | undefined, calledTools: boolean): ChatFinishReason {
  switch (reason) {
    case "end_turn":
    case "stop_sequence":
    case "pause_turn":
    case "compaction":
      return "stop";
    case "max_tokens":
    case "model_context_window_exceeded":
      return "length";
    case "tool_use":
      return "tool_calls";
    case "refusal":
      return "content_filter";
    default:
      return calledTools ? "tool_calls" : "stop";
  }
}

/** What a refusing model is reported to say: the explanation, where Anthropic gives one. */
export function refusalText(explanation: string | null | undefined): string {
  return explanation || "The model declined to answer this request.";
}

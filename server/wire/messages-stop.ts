import type { ChatFinishReason } from "@/server/wire/chat";

/** Every reason to stop that Anthropic's Messages API knows. Source: Anthropic API reference, "Handling stop reasons". */
export const stopReasons = [
  "end_turn",
  "max_tokens",
  "stop_sequence",
  "tool_use",
  "pause_turn",
  "compaction",
  "refusal",
  "model_context_window_exceeded",
] as const;
export type StopReason = (typeof stopReasons)[number];

export function isStopReason(value: unknown): value is StopReason {
  return stopReasons.some((reason) => reason === value);
}

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

/** The reasons that OpenAI's words tell less of. */
const SPECIAL: ReadonlySet<string> = new Set(["pause_turn", "compaction", "model_context_window_exceeded"]);

type Ended = {
  readonly reason: string | null | undefined;
  readonly sequence: string | null | undefined;
  readonly calledTools: boolean;
};

/** What of the end a canonical choice says beside its `finish_reason`. */
export function endOf({ reason, sequence, calledTools }: Ended): {
  native_finish_reason?: string;
  stop_sequence?: string;
} {
  if (reason === "stop_sequence") return sequence ? { stop_sequence: sequence } : { native_finish_reason: reason };
  // Calls that code at the vendor made are answered there, and the turn ends all the same.
  const isSpecial = reason === "end_turn" ? calledTools : SPECIAL.has(reason ?? "");
  return reason && isSpecial ? { native_finish_reason: reason } : {};
}

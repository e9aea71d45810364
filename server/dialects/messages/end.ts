import type { JsonObject } from "@/server/dialects/dialect";
import type { ChatFinishReason } from "@/server/wire/chat";
import { listOf, textOf } from "@/server/wire/json";
import { isStopReason, type StopReason } from "@/server/wire/messages-stop";

/** What a canonical choice says about its end. */
export type Ended = {
  readonly finish_reason: ChatFinishReason | string | null;
  readonly native_finish_reason?: unknown;
  readonly stop_sequence?: unknown;
  /** Where vLLM names the stop sequence. */
  readonly stop_reason?: unknown;
  readonly calledTools: boolean;
  readonly refusal: string;
};

/** Why the answer ended, as the fields of a message. */
export type End = {
  readonly stop_reason: StopReason;
  readonly stop_sequence: string | null;
  readonly stop_details: { type: "refusal"; category: null; explanation: string | null } | null;
};

const REASONS: Readonly<Record<string, StopReason>> = {
  stop: "end_turn",
  length: "max_tokens",
  tool_calls: "tool_use",
  function_call: "tool_use",
  content_filter: "refusal",
};

/** A canonical end in Anthropic's words. `body` is the request, whose stop sequences tell a text from another meaning. */
export function endFor(ended: Ended, body: JsonObject): End {
  const sequence = textOf(ended.stop_sequence) ?? textOf(ended.stop_reason);
  const isSequence = sequence !== undefined && listOf(body.stop_sequences).includes(sequence);
  const stop_reason = reasonOf(ended, isSequence);
  return {
    stop_reason,
    stop_sequence: stop_reason === "stop_sequence" && isSequence ? sequence : null,
    stop_details:
      stop_reason === "refusal" ? { type: "refusal", category: null, explanation: ended.refusal || null } : null,
  };
}

function reasonOf(
  { finish_reason, native_finish_reason, calledTools, refusal }: Ended,
  isSequence: boolean,
): StopReason {
  if (isStopReason(native_finish_reason)) return native_finish_reason;
  if (isSequence && finish_reason === "stop") return "stop_sequence";
  const reason = REASONS[finish_reason ?? "stop"] ?? "end_turn";
  // Vendors say "stop" after a call they were forced to make, and after a refusal in words.
  if (reason === "end_turn") return calledTools ? "tool_use" : refusal === "" ? reason : "refusal";
  return reason === "tool_use" && !calledTools ? "end_turn" : reason;
}

import type { ChatFinishReason } from "@/server/wire/chat";

const REASONS: Readonly<Record<string, ChatFinishReason>> = {
  STOP: "stop",
  MAX_TOKENS: "length",
  CONTINUATION: "length",
  SAFETY: "content_filter",
  RECITATION: "content_filter",
  LANGUAGE: "content_filter",
  BLOCKLIST: "content_filter",
  PROHIBITED_CONTENT: "content_filter",
  SPII: "content_filter",
  MODEL_ARMOR: "content_filter",
  IMAGE_SAFETY: "content_filter",
  IMAGE_PROHIBITED_CONTENT: "content_filter",
  IMAGE_RECITATION: "content_filter",
};

/** Why a candidate ended, in OpenAI's words. Gemini says `STOP` also where it called tools. */
export function finishReason(reason: string, hasToolCalls: boolean): ChatFinishReason {
  const known = REASONS[reason] ?? "stop";
  return known === "stop" && hasToolCalls ? "tool_calls" : known;
}

/** OpenAI's finish reason in Gemini's words. */
export function geminiFinish(reason: ChatFinishReason): string {
  if (reason === "length") return "MAX_TOKENS";
  return reason === "content_filter" ? "SAFETY" : "STOP";
}

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

/** The model failed at its own form; with nothing said before it, that is a failure of the call. */
const BROKEN: ReadonlySet<string> = new Set([
  "MALFORMED_FUNCTION_CALL",
  "MALFORMED_RESPONSE",
  "UNEXPECTED_TOOL_CALL",
  "TOO_MANY_TOOL_CALLS",
]);

/** Why a candidate ended, in OpenAI's words. Gemini says `STOP` also where it called tools. */
export function finishReason(reason: string, hasToolCalls: boolean): ChatFinishReason {
  const known = REASONS[reason] ?? "stop";
  return known === "stop" && hasToolCalls ? "tool_calls" : known;
}

/** What is wrong with a candidate that ended like this and holds nothing; undefined where that is no failure. */
export function brokenEnd(reason: string, message: string | null | undefined): string | undefined {
  if (!BROKEN.has(reason)) return undefined;
  return `The model's answer is invalid (${reason})${message ? `: ${message}` : "."}`;
}

/** What a caller reads in place of an answer that was withheld. */
export function refusalText(reason: string, message: string | null | undefined): string {
  return message || `The provider withheld the answer (${reason}).`;
}

/** What a caller reads when the prompt itself was blocked. */
export function blockedText(reason: string, message: string | null | undefined): string {
  return message || `The provider blocked the prompt (${reason}).`;
}

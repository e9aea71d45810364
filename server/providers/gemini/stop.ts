/** The model failed at its own form; with nothing said before it, that is a failure of the call. */
const BROKEN: ReadonlySet<string> = new Set([
  "MALFORMED_FUNCTION_CALL",
  "MALFORMED_RESPONSE",
  "UNEXPECTED_TOOL_CALL",
  "TOO_MANY_TOOL_CALLS",
]);

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

import { packCarried, unpackCarried } from "@/server/wire/carried";

/**
 * What another vendor wants back with a part, as a `thoughtSignature`: Gemini's callers hand those back unread. The field
 * holds bytes, so that it must be base64.
 */
export function carriedSignature(value: Record<string, unknown>): string {
  return Buffer.from(packCarried(value)).toString("base64");
}

/** What `carriedSignature` packed; undefined for a signature of Google's own. */
export function readSignature(signature: unknown): Record<string, unknown> | undefined {
  if (typeof signature !== "string") return undefined;
  return unpackCarried(Buffer.from(signature, "base64").toString("utf8"));
}

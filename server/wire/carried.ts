import { isRecord } from "@/server/wire/json";

const MARK = "conduit:";

/**
 * What one vendor wants back in the next turn and a caller's dialect has no field for, such as the signatures of tool calls,
 * as an opaque text: callers hand it back in a field that is opaque to them (encrypted or redacted reasoning).
 */
export function packCarried(value: Record<string, unknown>): string {
  return MARK + Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** What `packCarried` packed; undefined for any other text, which is the vendor's own. */
export function unpackCarried(text: unknown): Record<string, unknown> | undefined {
  if (typeof text !== "string" || !text.startsWith(MARK)) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(text.slice(MARK.length), "base64url").toString("utf8"));
    return isRecord(value) ? value : undefined;
  } catch {
    // Cut or changed on its way: worth as little as a text of another's.
    return undefined;
  }
}

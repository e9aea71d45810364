import { unpackCarried } from "@/server/wire/carried";
import { isRecord, listOf } from "@/server/wire/json";

/*
 * What a Messages request says beside the canonical form, as fields of that form. Only a target that speaks Anthropic's API
 * reads them back, and then loses nothing.
 * - on the request, `messages_api`: the settings as the caller wrote them;
 * - on a content part, `messages_block`: the block that the part stands for, where the part says less.
 */

/** Settings that canonical fields repeat (`reasoning_effort`, `response_format`). */
const REPEATED: ReadonlySet<string> = new Set(["thinking", "output_config", "output_format"]);

/** The names of the settings that are lost on a target which does not read `messages_api`. */
export function lostSettings(request: Readonly<Record<string, unknown>>): string[] {
  const settings = isRecord(request.messages_api) ? Object.entries(request.messages_api) : [];
  return settings.flatMap(([name, value]) =>
    // These names go into a header, so those that are no names stay out.
    REPEATED.has(name) || value === null || value === undefined || !/^\w{1,64}$/.test(name) ? [] : [name],
  );
}

/**
 * A block of an earlier answer as Anthropic takes it back: undefined for thinking that it did not sign, and without citations
 * that the gateway made of another vendor's. It refuses both.
 */
export function accepted<Block extends Record<string, unknown>>(block: Block): Block | undefined {
  if (isCarried(block)) return undefined;
  if (block.type === "thinking")
    return typeof block.signature === "string" && block.signature !== "" ? block : undefined;
  const citations = listOf(block.citations);
  if (block.type !== "text" || !citations.some(isMade)) return block;
  const kept = citations.filter((citation) => !isMade(citation));
  return { ...block, citations: kept.length > 0 ? kept : null };
}

/** Whether a block carries what another vendor wants back. */
export function isCarried(block: Readonly<Record<string, unknown>>): boolean {
  if (block.type === "thinking") return unpackCarried(block.signature) !== undefined;
  return block.type === "redacted_thinking" && unpackCarried(block.data) !== undefined;
}

function isMade(citation: unknown): boolean {
  return isRecord(citation) && citation.encrypted_index === "";
}

/** Where a block stands in what a canonical assistant's message says: thinking, then text, then calls; undefined for others. */
function rankOf(block: unknown): number | undefined {
  if (!isRecord(block)) return undefined;
  if (block.type === "thinking" || block.type === "redacted_thinking") return 0;
  if (block.type === "text") return listOf(block.citations).length > 0 ? undefined : 1;
  return block.type === "tool_use" ? 2 : undefined;
}

/** Tells, block by block, whether a canonical message's own fields still say all of an answer; after the first "no" it is no. */
export function sayable(): (block: unknown) => boolean {
  let reached: number | undefined = 0;
  return (block) => {
    const rank = rankOf(block);
    reached = reached !== undefined && rank !== undefined && rank >= reached ? rank : undefined;
    return reached !== undefined;
  };
}

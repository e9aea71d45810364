import { endpoint, requestHeaders } from "@/server/providers/anthropic/endpoint";
import type { FieldChanges, Native, Target } from "@/server/providers/provider";
import { isRecord, listOf } from "@/server/wire/json";
import { accepted, isCarried } from "@/server/wire/messages-form";

/**
 * The Messages API for callers who speak it themselves. The caller's version and betas are sent on, beside the admin's betas.
 * Source: Anthropic API reference, "Versions" and "Beta headers".
 */
export const messages: Native = {
  url: (target) => endpoint(target, "/messages"),
  headers: (target, caller) => {
    const headers = requestHeaders(target);
    const version = caller["anthropic-version"];
    if (typeof version === "string" && version !== "") headers["anthropic-version"] = version;
    const betas = [headers["anthropic-beta"], caller["anthropic-beta"]]
      .flat()
      .flatMap((list) => list?.split(",") ?? []);
    const names = new Set(betas.map((name) => name.trim()).filter((name) => name !== ""));
    return names.size > 0 ? { ...headers, "anthropic-beta": [...names].join(",") } : headers;
  },
  change: withoutForeign,
};

/**
 * The change to a Messages request that takes what other vendors thought and cited in earlier turns out of it. Models of others
 * than Anthropic get unsigned thinking back, which may be their own.
 */
export function withoutForeign(
  body: Readonly<Record<string, unknown>>,
  { model }: Pick<Target, "model">,
): { readonly fields: FieldChanges } {
  const keep = model.toLowerCase().includes("claude") ? accepted : notCarried;
  const turns = listOf(body.messages);
  const kept = turns.flatMap((turn) => keptOf(turn, keep));
  const isSame = kept.length === turns.length && kept.every((turn, index) => turn === turns[index]);
  return { fields: isSame ? {} : { messages: JSON.stringify(kept) } };
}

type Keep = (block: Record<string, unknown>) => Record<string, unknown> | undefined;

const notCarried: Keep = (block) => (isCarried(block) ? undefined : block);

/** The turn without what another vendor thought or cited in it; a turn of nothing else goes with it. */
function keptOf(turn: unknown, keep: Keep): unknown[] {
  if (!isRecord(turn) || turn.role !== "assistant" || !Array.isArray(turn.content)) return [turn];
  const blocks: readonly unknown[] = turn.content;
  const content = blocks.flatMap((block) => (isRecord(block) ? (keep(block) ?? []) : [block]));
  if (content.length === blocks.length && content.every((block, index) => block === blocks[index])) return [turn];
  return content.length > 0 ? [{ ...turn, content }] : [];
}

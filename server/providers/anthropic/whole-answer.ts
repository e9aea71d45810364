import { type Block, blockOf } from "@/server/providers/anthropic/wire";
import type { ChatRequest } from "@/server/wire/chat";
import { isRecord, listOf } from "@/server/wire/json";
import { accepted } from "@/server/wire/messages-form";

/**
 * The blocks of an earlier answer as Anthropic gave them, from `content_blocks`; undefined where there are none, or where the
 * caller has changed the text or the calls beside them since, which then hold.
 */
export function wholeAnswer(message: ChatRequest["messages"][number]): Block[] | undefined {
  const blocks = listOf(message.content_blocks).flatMap((value) => blockOf(value) ?? []);
  if (blocks.length === 0) return undefined;
  const text = blocks.map((block) => (block.type === "text" ? block.text : "")).join("");
  const calls = blocks.flatMap((block) => (block.type === "tool_use" ? [block.id] : []));
  const said = listOf(message.tool_calls).map((call) => (isRecord(call) ? call.id : undefined));
  const unchanged = text === textOfContent(message.content) && calls.join("\n") === said.join("\n");
  return unchanged ? blocks.flatMap((block) => accepted(block) ?? []) : undefined;
}

function textOfContent(content: unknown): string {
  if (typeof content === "string") return content;
  return listOf(content)
    .map((part) => (isRecord(part) && typeof part.text === "string" ? part.text : ""))
    .join("");
}

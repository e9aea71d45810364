import { z } from "zod";
import { cacheOf, type Part, plainest } from "@/server/dialects/messages/content";
import { checked } from "@/server/dialects/messages/wire";
import { unpackCarried } from "@/server/wire/carried";
import type { ChatRequest, ContentBlock, ThinkingBlock } from "@/server/wire/chat";
import { isRecord } from "@/server/wire/json";
import { accepted, sayable } from "@/server/wire/messages-form";

type ChatMessage = ChatRequest["messages"][number];

const Text = z.looseObject({ text: z.string() });
const Thinking = z.looseObject({ thinking: z.string() });
const Redacted = z.looseObject({ data: z.string() });
const ToolUse = z.looseObject({ id: z.string().min(1), name: z.string().min(1), input: z.unknown() });

type Draft = {
  readonly parts: Part[];
  readonly thinking: ThinkingBlock[];
  reasoning: string;
  readonly calls: Record<string, unknown>[];
  /** What vendors want back with their calls, by the calls' ids. */
  carried: Record<string, unknown>;
};

/**
 * An earlier answer, or the beginning of the next one, as a canonical message. Thinking that nobody signed is the reasoning of
 * a vendor that does not; where the message's own fields cannot say all of it, `content_blocks` does.
 */
export function toAssistant(blocks: ContentBlock[], path: string): ChatMessage {
  const draft: Draft = { parts: [], thinking: [], reasoning: "", calls: [], carried: {} };
  for (const [index, block] of blocks.entries()) addBlock(draft, block, `${path}.${index}`);
  const { parts, thinking, reasoning, calls, carried } = draft;
  const whole = blocks.flatMap((block) => accepted(block) ?? []);
  return {
    role: "assistant",
    content: parts.length > 0 ? plainest(joined(parts)) : calls.length > 0 ? null : "",
    ...(reasoning !== "" && { reasoning_content: reasoning }),
    ...(thinking.length > 0 && { thinking_blocks: thinking }),
    ...(calls.length > 0 && { tool_calls: calls.map((call) => withCarried(call, carried)) }),
    ...(!whole.every(sayable()) && { content_blocks: whole }),
  };
}

function addBlock(draft: Draft, block: ContentBlock, path: string): void {
  if (block.type === "text")
    draft.parts.push({ type: "text", text: checked(Text, block, path).text, ...cacheOf(block) });
  else if (block.type === "thinking") {
    const { thinking } = checked(Thinking, block, path);
    if (typeof block.signature === "string" && block.signature !== "")
      draft.thinking.push({ type: "thinking", thinking, signature: block.signature });
    else draft.reasoning += thinking;
  } else if (block.type === "redacted_thinking") addRedacted(draft, checked(Redacted, block, path).data);
  else if (block.type === "tool_use") {
    const { id, name, input } = checked(ToolUse, block, path);
    const called = { name, arguments: JSON.stringify(input ?? {}) };
    draft.calls.push({ id, type: "function", function: called, ...cacheOf(block) });
  }
}

function addRedacted(draft: Draft, data: string): void {
  const carried = unpackCarried(data);
  if (!carried) draft.thinking.push({ type: "redacted_thinking", data });
  else if (isRecord(carried.tool_calls)) draft.carried = { ...draft.carried, ...carried.tool_calls };
}

/** Texts that follow one another without settings are one. */
function joined(parts: Part[]): Part[] {
  if (parts.some((part) => part.cache_control !== undefined)) return parts;
  return [{ type: "text", text: parts.map((part) => part.text).join("") }];
}

function withCarried(call: Record<string, unknown>, carried: Record<string, unknown>): Record<string, unknown> {
  const extra = typeof call.id === "string" && Object.hasOwn(carried, call.id) ? carried[call.id] : undefined;
  return isRecord(extra) ? { ...call, extra_content: extra } : call;
}

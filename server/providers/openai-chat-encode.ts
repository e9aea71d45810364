import type { Extension } from "@/server/providers/provider";
import { liftToolMedia } from "@/server/providers/tool-media";
import type { ChatRequest } from "@/server/wire/chat";
import { isRecord, listOf } from "@/server/wire/json";
import { messagesBlocks } from "@/server/wire/messages-blocks";
import { lostSettings } from "@/server/wire/messages-form";

const EXTENSIONS: readonly Extension[] = [
  "cache_control",
  "thinking_blocks",
  "reasoning_content",
  "is_error",
  "extra_content",
  "content_blocks",
];
const quoted = new Map(EXTENSIONS.map((name) => [name, Buffer.from(`"${name}"`)]));

/** Whether a request's bytes may hold an extension that the upstream does not keep; absent = it takes any field. */
export function holdsForeign(bytes: Buffer, keeps: readonly Extension[] | undefined): boolean {
  if (!keeps) return false;
  for (const [name, text] of quoted) if (!keeps.includes(name) && bytes.includes(text)) return true;
  return false;
}

/** What a request of another dialect may hold here; of one in this dialect more is known to its vendor than here. */
const PARTS = new Set(["text", "image_url", "input_audio", "file", "refusal"]);
const TOOLS = new Set(["function", "custom"]);
const TOOL_FIELDS = new Set(["type", "function", "custom", "cache_control"]);

/** What only Anthropic's API has a word for: blocks, tools by the day of their version, and settings of tools. */
const foreignParts = new Set<string>(messagesBlocks);
const FOREIGN_TOOL = /_\d{8}$/;
const foreignToolFields = new Set(["defer_loading", "allowed_callers", "input_examples", "eager_input_streaming"]);

/**
 * A canonical request as OpenAI's chat completions have it, for upstreams that refuse what they do not know. Content and tools
 * of other vendors' own are named in `dropped`; reasoning and signatures belong to the vendor that made them and go silently. What
 * nobody here knows goes along where the caller itself speaks chat (`own`).
 */
export function plainChat(
  request: ChatRequest,
  keeps?: readonly Extension[],
  own = false,
): { readonly request: ChatRequest; readonly dropped: readonly string[] } {
  const dropped = new Set<string>(lostSettings(request));
  const foreign = new Set<string>(keeps ? EXTENSIONS.filter((name) => !keeps.includes(name)) : []);
  const without = (record: Record<string, unknown>): Record<string, unknown> =>
    foreign.size === 0
      ? { ...record }
      : Object.fromEntries(Object.entries(record).filter(([name]) => !foreign.has(name)));
  const messages = liftToolMedia(request.messages).map((message) => {
    const plain = without(message);
    if (Array.isArray(plain.content)) {
      const parts = plain.content.filter((part) => isRecord(part) && takesPart(String(part.type), own));
      if (parts.length < plain.content.length) dropped.add("messages.content");
      plain.content = parts.map((part) => (isRecord(part) ? withoutBlock(without(part)) : part));
    }
    if (Array.isArray(plain.tool_calls))
      plain.tool_calls = plain.tool_calls.map((call) => (isRecord(call) ? without(call) : call));
    return { ...plain, role: message.role };
  });
  const tools = listOf(request.tools).filter((tool) => isRecord(tool) && takesTool(String(tool.type), own));
  if (tools.length < listOf(request.tools).length) dropped.add("tools");
  const plain: ChatRequest = { ...request, messages };
  delete plain.messages_api;
  if (request.tools) {
    if (tools.length === 0) for (const field of ["tools", "tool_choice", "parallel_tool_calls"]) delete plain[field];
    else
      plain.tools = tools.flatMap((tool) =>
        isRecord(tool) ? [{ ...fieldsOf(without(tool), own), type: String(tool.type) }] : [],
      );
  }
  return { request: plain, dropped: [...dropped] };
}

function withoutBlock({ messages_block: _block, ...part }: Record<string, unknown>): Record<string, unknown> {
  return part;
}

function takesPart(type: string, own: boolean): boolean {
  return own ? !foreignParts.has(type) : PARTS.has(type);
}

function takesTool(type: string, own: boolean): boolean {
  return own ? !FOREIGN_TOOL.test(type) : TOOLS.has(type);
}

/** Other vendors' settings of a tool, such as when to load it, change how it is offered and not what it is. */
function fieldsOf(tool: Record<string, unknown>, own: boolean): Record<string, unknown> {
  const takes = (name: string): boolean => (own ? !foreignToolFields.has(name) : TOOL_FIELDS.has(name));
  return Object.fromEntries(Object.entries(tool).filter(([name]) => takes(name)));
}

import { z } from "zod";
import { checked, refused } from "@/server/providers/anthropic/wire";
import { type Encoding, encodeContent, textBlocks, withCachePoint } from "@/server/providers/bedrock/encode-parts";
import type { Block, Turn } from "@/server/providers/bedrock/wire";
import { unpackCarried } from "@/server/wire/carried";
import type { ChatRequest } from "@/server/wire/chat";
import { isRecord } from "@/server/wire/json";

type ChatMessage = ChatRequest["messages"][number];

const Call = z.looseObject({
  id: z.string().min(1),
  function: z.looseObject({ name: z.string().min(1), arguments: z.unknown() }).nullish(),
  custom: z.looseObject({ name: z.string().min(1), input: z.unknown() }).nullish(),
});
const AssistantMessage = z.looseObject({
  tool_calls: z.array(Call).nullish(),
  thinking_blocks: z.array(z.looseObject({ type: z.string() })).nullish(),
  refusal: z.string().nullish(),
});
const ToolMessage = z.looseObject({ tool_call_id: z.string().min(1) });

/** All that is said between two assistant's turns: it becomes one user's turn, tool results first. */
type Draft = { readonly role: Turn["role"]; readonly results: Block[]; readonly content: Block[] };

/**
 * Canonical messages as Converse's system prompt and turns. System messages at the head become the system prompt, later ones
 * a text of the user's turn in `<system>` tags. Turns without content are left out, and neighbours of one role are joined,
 * as the API demands. Throws `invalid_request` for what is malformed.
 */
export function encodeMessages(
  messages: readonly ChatMessage[],
  encoding: Encoding,
): { readonly system: Block[]; readonly turns: Turn[] } {
  const found = messages.findIndex((message) => !isInstruction(message));
  const head = found === -1 ? messages.length : found;
  const system = messages.slice(0, head).flatMap((message, index) => said(message, index, encoding));
  const drafts: Draft[] = [];
  for (const [index, message] of messages.entries())
    if (index >= head) addMessage(drafts, message, { index, encoding });
  // OpenAI answers a conversation of instructions alone; Converse wants something said by the user.
  if (drafts.length === 0) return { system: [], turns: system.length > 0 ? [{ role: "user", content: system }] : [] };
  return { system, turns: drafts.map(turnOf) };
}

function isInstruction(message: ChatMessage): boolean {
  return message.role === "system" || message.role === "developer";
}

function said(message: ChatMessage, index: number, encoding: Encoding): Block[] {
  const blocks = encodeContent(message.content, `messages.${index}.content`, encoding);
  return withCachePoint(blocks, message.cache_control, encoding);
}

function addMessage(
  drafts: Draft[],
  message: ChatMessage,
  { index, encoding }: { index: number; encoding: Encoding },
): void {
  const path = `messages.${index}`;
  if (isInstruction(message)) {
    add(drafts, "user", { content: said(message, index, encoding).map(tagged) });
  } else if (message.role === "user") {
    add(drafts, "user", { content: said(message, index, encoding) });
  } else if (message.role === "tool") {
    const result = toolResult(message, path, encoding);
    add(drafts, "user", { results: withCachePoint([result], message.cache_control, encoding) });
  } else if (message.role === "assistant") {
    const blocks = assistantBlocks(message, path, encoding);
    add(drafts, "assistant", { content: withCachePoint(blocks, message.cache_control, encoding) });
  } else {
    throw refused(`${path}.role`, "Expected system, developer, user, assistant or tool.");
  }
}

function tagged(block: Block): Block {
  return typeof block.text === "string" ? { text: `<system>\n${block.text}\n</system>` } : block;
}

function add(drafts: Draft[], role: Draft["role"], blocks: { results?: Block[]; content?: Block[] }): void {
  const { results = [], content = [] } = blocks;
  if (results.length + content.length === 0) return;
  let draft = drafts.at(-1);
  if (draft?.role !== role) {
    draft = { role, results: [], content: [] };
    drafts.push(draft);
  }
  draft.results.push(...results);
  draft.content.push(...content);
}

/** A document must come with a text: where the user said none, its name is said. The API refuses an answer's beginning that ends in white space. */
function turnOf({ role, results, content }: Draft): Turn {
  const blocks = [...results, ...content];
  const last = blocks.at(-1);
  if (role === "assistant" && typeof last?.text === "string")
    return { role, content: [...blocks.slice(0, -1), { text: last.text.trimEnd() }] };
  const document = blocks.find((block) => block.document)?.document;
  if (!isRecord(document) || blocks.some((block) => block.text)) return { role, content: blocks };
  return { role, content: [...blocks, { text: `Attached: ${String(document.name)}` }] };
}

function assistantBlocks(message: ChatMessage, path: string, encoding: Encoding): Block[] {
  const { thinking_blocks, tool_calls, refusal } = checked(AssistantMessage, message, path);
  const text = encodeContent(message.content, `${path}.content`, encoding);
  return [
    ...(thinking_blocks ?? []).flatMap(reasoning),
    ...text,
    ...(text.length === 0 ? textBlocks(refusal ?? "") : []),
    ...(tool_calls ?? []).flatMap((call) => withCachePoint([toolUse(call)], call.cache_control, encoding)),
  ];
}

/** Thinking that no one signed comes from another vendor, and the API refuses it; so do bytes that it did not make. */
function reasoning(block: Readonly<Record<string, unknown>>): Block[] {
  const { type, thinking, signature, data } = block;
  if (type === "thinking" && typeof thinking === "string" && typeof signature === "string" && signature !== "")
    return [{ reasoningContent: { reasoningText: { text: thinking, signature } } }];
  if (type !== "redacted_thinking" || typeof data !== "string" || unpackCarried(data)) return [];
  return /^[A-Za-z0-9+/]+={0,2}$/.test(data) ? [{ reasoningContent: { redactedContent: data } }] : [];
}

function toolUse(call: z.infer<typeof Call>): Block {
  const { name, input } = call.custom
    ? { name: call.custom.name, input: { input: call.custom.input } }
    : { name: call.function?.name ?? "", input: toolInput(call.function?.arguments) };
  return { toolUse: { toolUseId: toolId(call.id), name, input } };
}

/** The API takes objects only. Arguments that a model got wrong are wrapped, so that the next turn shows them. */
function toolInput(text: unknown): Record<string, unknown> {
  if (isRecord(text)) return text;
  if (typeof text !== "string" || text.trim() === "") return {};
  try {
    const input: unknown = JSON.parse(text);
    return isRecord(input) ? input : { INVALID_JSON: text };
  } catch (cause) {
    if (cause instanceof SyntaxError) return { INVALID_JSON: text };
    throw cause;
  }
}

function toolResult(message: ChatMessage, path: string, encoding: Encoding): Block {
  const { tool_call_id } = checked(ToolMessage, message, path);
  const content = encodeContent(message.content, `${path}.content`, encoding).filter((block) => !block.cachePoint);
  return {
    toolResult: {
      toolUseId: toolId(tool_call_id),
      // A result without content is refused.
      content: content.length > 0 ? content : [{ text: "(no output)" }],
      ...(message.is_error === true && { status: "error" }),
    },
  };
}

/** Other vendors' ids may hold characters that the API refuses, or be longer than its 64. */
function toolId(id: string): string {
  return id.replace(/[^\w-]/g, "_").slice(-64);
}

import type {
  TextBlockParam,
  ToolResultBlockParam,
  ToolUseBlockParam,
} from "@anthropic-ai/sdk/resources/messages/messages";
import { z } from "zod";
import { encodeContent, encodeText, withCacheControl } from "@/server/providers/anthropic/encode-parts";
import { wholeAnswer } from "@/server/providers/anthropic/whole-answer";
import { type Block, checked, refused, type Turn } from "@/server/providers/anthropic/wire";
import { unpackCarried } from "@/server/wire/carried";
import type { ChatRequest } from "@/server/wire/chat";
import { isRecord } from "@/server/wire/json";

type ChatMessage = ChatRequest["messages"][number];

const AssistantMessage = z.looseObject({
  tool_calls: z
    .array(
      z.looseObject({
        id: z.string().min(1),
        function: z.looseObject({ name: z.string().min(1), arguments: z.unknown() }),
      }),
    )
    .nullish(),
  thinking_blocks: z
    .array(
      z.discriminatedUnion("type", [
        z.looseObject({ type: z.literal("thinking"), thinking: z.string(), signature: z.string().nullish() }),
        z.looseObject({ type: z.literal("redacted_thinking"), data: z.string() }),
      ]),
    )
    .nullish(),
  refusal: z.string().nullish(),
});
type AssistantMessage = z.infer<typeof AssistantMessage>;

const ToolMessage = z.looseObject({ tool_call_id: z.string().min(1) });

/** All that is said between two assistant's turns: it becomes one user's turn, tool results first, as the API demands. */
type Draft = { role: "user" | "assistant"; results: Block[]; content: Block[]; instructions: Block[] };

export type EncodedMessages = { readonly system: Block[]; readonly turns: Turn[] };

/**
 * Canonical messages as Anthropic's system prompt and turns. System and developer messages at the head become the system
 * prompt. Later ones become a `system` turn after what the user said in that place, where the model takes one, and
 * otherwise a text of the user's turn in `<system>` tags. Texts of white space alone and turns without content are left out.
 * Throws `invalid_request` for what is malformed or cannot be said, such as audio.
 */
export function encodeMessages(messages: readonly ChatMessage[], systemTurns: boolean): EncodedMessages {
  const found = messages.findIndex((message) => !isInstruction(message));
  const head = found === -1 ? messages.length : found;
  const system = messages.slice(0, head).flatMap((message, index) => instructionBlocks(message, index));
  const drafts: Draft[] = [];
  for (const [index, message] of messages.entries()) {
    if (index >= head) addMessage(drafts, message, { index, systemTurns });
  }
  // OpenAI answers a conversation of instructions alone; Anthropic wants something said by the user.
  if (drafts.length === 0) return { system: [], turns: system.length > 0 ? [{ role: "user", content: system }] : [] };
  return { system, turns: trimPrefill(drafts.flatMap(finish)) };
}

function addMessage(drafts: Draft[], message: ChatMessage, at: { index: number; systemTurns: boolean }): void {
  const path = `messages.${at.index}`;
  const cached = (blocks: Block[]): Block[] => withCacheControl(blocks, message.cache_control);
  if (isInstruction(message)) {
    const blocks = instructionBlocks(message, at.index);
    if (at.systemTurns) add(drafts, "user", { instructions: blocks });
    else add(drafts, "user", { content: blocks.map(tagged) });
  } else if (message.role === "user") {
    add(drafts, "user", { content: cached(encodeContent(message.content, `${path}.content`)) });
  } else if (message.role === "tool") {
    add(drafts, "user", { results: cached([toolResult(message, path)]) });
  } else if (message.role === "assistant") {
    add(drafts, "assistant", { content: cached(assistantBlocks(message, path)) });
  } else {
    throw refused(`${path}.role`, "Expected system, developer, user, assistant or tool.");
  }
}

function isInstruction(message: ChatMessage): boolean {
  return message.role === "system" || message.role === "developer";
}

function instructionBlocks(message: ChatMessage, index: number): Block[] {
  return withCacheControl(encodeText(message.content, `messages.${index}.content`), message.cache_control);
}

function tagged(block: Block): Block {
  return { ...block, type: "text", text: `<system>\n${String(block.text)}\n</system>` } satisfies TextBlockParam;
}

function add(drafts: Draft[], role: Draft["role"], blocks: Partial<Omit<Draft, "role">>): void {
  const { results = [], content = [], instructions = [] } = blocks;
  if (results.length + content.length + instructions.length === 0) return;
  let draft = drafts.at(-1);
  if (draft?.role !== role) {
    draft = { role, results: [], content: [], instructions: [] };
    drafts.push(draft);
  }
  draft.results.push(...results);
  draft.content.push(...content);
  draft.instructions.push(...instructions);
}

/** A system turn must follow a user's; where the user said nothing, the instruction takes the user's place. */
function finish({ role, results, content, instructions }: Draft): Turn[] {
  const said = [...results, ...content];
  if (instructions.length === 0) return [{ role, content: said }];
  if (said.length === 0) return [{ role, content: instructions.map(tagged) }];
  return [
    { role, content: said },
    { role: "system", content: instructions },
  ];
}

/** The API refuses an answer's beginning that ends in white space. */
function trimPrefill(turns: Turn[]): Turn[] {
  const last = turns.at(-1);
  const block = last?.content.at(-1);
  if (last?.role !== "assistant" || block?.type !== "text" || typeof block.text !== "string") return turns;
  const content = [...last.content.slice(0, -1), { ...block, text: block.text.trimEnd() }];
  return [...turns.slice(0, -1), { role: last.role, content }];
}

function assistantBlocks(message: ChatMessage, path: string): Block[] {
  const whole = wholeAnswer(message);
  if (whole) return whole;
  const { thinking_blocks, tool_calls, refusal } = checked(AssistantMessage, message, path);
  // Thinking that no one signed comes from another vendor, and the API refuses it.
  const thinking = (thinking_blocks ?? []).filter(
    (block) => block.type !== "thinking" || (block.signature && unpackCarried(block.signature) === undefined),
  );
  const text = encodeContent(message.content, `${path}.content`);
  return [
    ...thinking,
    ...text,
    ...(text.length === 0 ? encodeContent(refusal, `${path}.refusal`) : []),
    ...(tool_calls ?? []).flatMap((call) => withCacheControl([toolUse(call)], call.cache_control)),
  ];
}

function toolUse({ id, function: called }: NonNullable<AssistantMessage["tool_calls"]>[number]): Block {
  return {
    type: "tool_use",
    id: toolId(id),
    name: called.name,
    input: toolInput(called.arguments),
  } satisfies ToolUseBlockParam;
}

/** The API takes objects only. Arguments that a model got wrong are wrapped as Anthropic's documentation on tool streaming says. */
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

function toolResult(message: ChatMessage, path: string): Block {
  const { tool_call_id } = checked(ToolMessage, message, path);
  const content =
    typeof message.content === "string" ? message.content : encodeContent(message.content, `${path}.content`);
  return {
    type: "tool_result",
    tool_use_id: toolId(tool_call_id),
    ...(content.length > 0 && { content }),
    ...(message.is_error === true && { is_error: true }),
  } satisfies Omit<ToolResultBlockParam, "content">;
}

/** Other vendors' ids may hold characters that the API refuses. */
function toolId(id: string): string {
  return id.replace(/[^\w-]/g, "_");
}

import type { AnswerContext, JsonObject } from "@/server/dialects/dialect";
import { citationsOf } from "@/server/dialects/messages/citations";
import { endFor } from "@/server/dialects/messages/end";
import { packCarried } from "@/server/wire/carried";
import type { ChatCompletion, ChatToolCall, ContentBlock } from "@/server/wire/chat";
import { isRecord } from "@/server/wire/json";
import { messagesUsage } from "@/server/wire/messages-usage";
import type { Usage } from "@/server/wire/usage";

type Choice = ChatCompletion["choices"][number];

/** A canonical answer as a message: thinking, then text, then tool calls, or the blocks as a vendor of this API gave them. */
export function encodeAnswer(
  completion: ChatCompletion,
  { usage, body, context }: { usage: Usage | undefined; body: JsonObject; context: AnswerContext },
): JsonObject {
  const [choice] = completion.choices;
  const end = endFor(
    {
      ...choice,
      finish_reason: choice?.finish_reason ?? null,
      calledTools: (choice?.message.tool_calls ?? []).length > 0,
      refusal: choice?.message.refusal ?? "",
    },
    body,
  );
  return {
    ...messageHead(context),
    content: choice ? blocksOf(choice.message, context) : [],
    ...end,
    usage: messagesUsage(usage),
  };
}

/** The fields of a message that are known before its content. */
export function messageHead({ id, model }: AnswerContext): JsonObject {
  return { id: `msg_${id}`, type: "message", role: "assistant", model, container: null, diagnostics: null };
}

function blocksOf(message: Choice["message"], context: AnswerContext): ContentBlock[] {
  if (message.content_blocks && message.content_blocks.length > 0) return message.content_blocks;
  const calls = message.tool_calls ?? [];
  const text = message.content || message.refusal || "";
  const citations = citationsOf(message.annotations ?? [], text);
  const textBlock = { type: "text", text, citations: citations.length > 0 ? citations : null };
  return [
    ...thinkingOf(message),
    ...carriedOf(calls),
    ...(text === "" ? [] : [textBlock]),
    ...calls.map((call, index) => toolUse(call, toolUseId(context, index))),
  ];
}

function thinkingOf({ thinking_blocks = [], reasoning_content }: Choice["message"]): ContentBlock[] {
  if (thinking_blocks.length > 0) {
    return thinking_blocks.map((block) =>
      block.type === "thinking" ? { ...block, signature: block.signature ?? "" } : block,
    );
  }
  return reasoning_content ? [{ type: "thinking", thinking: reasoning_content, signature: "" }] : [];
}

/** What vendors want back with their calls, in a block that callers hand back as it is. */
function carriedOf(calls: readonly ChatToolCall[]): ContentBlock[] {
  const carried = calls.flatMap(({ id, extra_content }) => (extra_content ? [[id, extra_content] as const] : []));
  return carried.length > 0 ? [carriedBlock(Object.fromEntries(carried))] : [];
}

/** A block that carries `extra_content` by the calls' ids. */
export function carriedBlock(byId: Readonly<Record<string, unknown>>): ContentBlock {
  return { type: "redacted_thinking", data: packCarried({ tool_calls: byId }) };
}

function toolUse(call: ChatToolCall, spareId: string): ContentBlock {
  const [name, input] =
    call.type === "custom"
      ? [call.custom.name, { input: call.custom.input }]
      : [call.function.name, inputOf(call.function.arguments)];
  return { type: "tool_use", id: call.id || spareId, name, input };
}

/** The id of a call for which the vendor has none. */
export function toolUseId({ id }: AnswerContext, index: number): string {
  return `toolu_${id}_${index}`;
}

/** Arguments as the object that a tool's input must be; a text that is none is wrapped, so that it is seen. */
export function inputOf(text: string): Record<string, unknown> {
  if (text.trim() === "") return {};
  try {
    const input: unknown = JSON.parse(text);
    if (input === null) return {};
    return isRecord(input) ? input : { INVALID_JSON: text };
  } catch (cause) {
    if (cause instanceof SyntaxError) return { INVALID_JSON: text };
    throw cause;
  }
}

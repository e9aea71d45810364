import { GatewayError } from "@/server/errors";
import { citedUrls } from "@/server/providers/anthropic/citations";
import { refusalText } from "@/server/providers/anthropic/stop";
import { Message } from "@/server/providers/anthropic/wire";
import type { DecodeContext } from "@/server/providers/provider";
import type { ChatAnnotation, ChatCompletion, ChatToolCall, ThinkingBlock } from "@/server/wire/chat";
import { isRecord, listOf, textOf } from "@/server/wire/json";
import { sayable } from "@/server/wire/messages-form";
import { endOf, finishReason } from "@/server/wire/messages-stop";
import { usageFromMessages } from "@/server/wire/messages-usage";
import { chatUsage, type Usage } from "@/server/wire/usage";

type ChatMessage = ChatCompletion["choices"][number]["message"];

/**
 * A whole answer of the Messages API in the canonical form. Blocks of tools that ran at Anthropic (searches, code) have no
 * counterpart: an answer with such ones has all of its blocks in `content_blocks`. Throws `upstream_garbled` when it is no message.
 */
export function decode(
  body: unknown,
  context: DecodeContext,
): { completion: ChatCompletion; usage: Usage | undefined } {
  const parsed = Message.safeParse(body);
  if (!parsed.success) {
    throw new GatewayError("upstream_garbled", "The upstream's answer is not a message.", { cause: parsed.error });
  }
  const { id, model, content, stop_reason, stop_sequence, stop_details } = parsed.data;
  const usage = usageFromMessages(parsed.data.usage);
  const toolCalls = content.flatMap(toolCallOf);
  const refusal = stop_reason === "refusal" ? refusalText(stop_details?.explanation) : null;
  const completion: ChatCompletion = {
    id: id || context.id,
    object: "chat.completion",
    created: context.created,
    model: model ?? "",
    choices: [
      {
        index: 0,
        message: messageOf(content, toolCalls, refusal),
        logprobs: null,
        finish_reason: finishReason(stop_reason, toolCalls.length > 0),
        ...endOf({ reason: stop_reason, sequence: stop_sequence, calledTools: toolCalls.length > 0 }),
      },
    ],
    ...(usage && { usage: chatUsage(usage) }),
  };
  return { completion, usage };
}

function messageOf(content: Message["content"], toolCalls: ChatToolCall[], refusal: string | null): ChatMessage {
  const { text, annotations } = textOfBlocks(content);
  const thinking = content.flatMap(thinkingOf);
  const reasoning = thinking.map((block) => (block.type === "thinking" ? block.thinking : "")).join("");
  return {
    role: "assistant",
    content: text === "" && (toolCalls.length > 0 || refusal !== null) ? null : text,
    refusal,
    ...(reasoning && { reasoning_content: reasoning }),
    ...(thinking.length > 0 && { thinking_blocks: thinking }),
    ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
    ...(annotations.length > 0 && { annotations }),
    ...(!content.every(sayable()) && { content_blocks: content }),
  };
}

function textOfBlocks(content: Message["content"]): { text: string; annotations: ChatAnnotation[] } {
  const annotations: ChatAnnotation[] = [];
  let text = "";
  for (const block of content) {
    const piece = block.type === "text" ? textOf(block.text) : undefined;
    if (piece === undefined) continue;
    annotations.push(...citedUrls(listOf(block.citations), { start: text.length, end: text.length + piece.length }));
    text += piece;
  }
  return { text, annotations };
}

function thinkingOf(block: Message["content"][number]): ThinkingBlock[] {
  if (block.type === "redacted_thinking") return [{ type: block.type, data: textOf(block.data) ?? "" }];
  if (block.type !== "thinking") return [];
  const signature = textOf(block.signature);
  return [{ type: block.type, thinking: textOf(block.thinking) ?? "", ...(signature && { signature }) }];
}

function toolCallOf(block: Message["content"][number]): ChatToolCall[] {
  if (block.type !== "tool_use") return [];
  const input = isRecord(block.input) ? block.input : {};
  const called = { name: textOf(block.name) ?? "", arguments: JSON.stringify(input) };
  return [{ id: textOf(block.id) ?? "", type: "function", function: called }];
}

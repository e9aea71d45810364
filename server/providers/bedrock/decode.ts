import { GatewayError } from "@/server/errors";
import { citedWeb } from "@/server/providers/bedrock/citations";
import { finishReason, nativeReason } from "@/server/providers/bedrock/stop";
import { usageOf } from "@/server/providers/bedrock/usage";
import { ANSWER_TOOL, type Block, ConverseAnswer } from "@/server/providers/bedrock/wire";
import type { DecodeContext } from "@/server/providers/provider";
import type { ChatAnnotation, ChatCompletion, ChatToolCall, ThinkingBlock } from "@/server/wire/chat";
import { isRecord, listOf, textOf } from "@/server/wire/json";
import { chatUsage, type Usage } from "@/server/wire/usage";

type ChatMessage = ChatCompletion["choices"][number]["message"];

/** What the blocks of one answer say. */
type Said = {
  text: string;
  reasoning: string;
  readonly thinking: ThinkingBlock[];
  readonly calls: ChatToolCall[];
  readonly annotations: ChatAnnotation[];
};

/** A whole answer of Converse in the canonical form. Throws `upstream_garbled` when it is none. */
export function decode(
  body: unknown,
  context: DecodeContext,
): { completion: ChatCompletion; usage: Usage | undefined } {
  const parsed = ConverseAnswer.safeParse(body);
  if (!parsed.success)
    throw new GatewayError("upstream_garbled", "The upstream's answer is no message.", { cause: parsed.error });
  const { output, stopReason } = parsed.data;
  const usage = usageOf(parsed.data.usage);
  const said: Said = { text: "", reasoning: "", thinking: [], calls: [], annotations: [] };
  for (const block of output.message?.content ?? []) read(block, said, context);
  const completion: ChatCompletion = {
    id: context.id,
    object: "chat.completion",
    created: context.created,
    // Converse names no model in its answers.
    model: "",
    choices: [
      {
        index: 0,
        message: messageOf(said),
        logprobs: null,
        finish_reason: finishReason(stopReason, said.calls.length > 0),
        ...nativeReason(stopReason),
      },
    ],
    ...(usage && { usage: chatUsage(usage) }),
  };
  return { completion, usage };
}

function messageOf({ text, reasoning, thinking, calls, annotations }: Said): ChatMessage {
  return {
    role: "assistant",
    content: text === "" && calls.length > 0 ? null : text,
    refusal: null,
    ...(reasoning && { reasoning_content: reasoning }),
    ...(thinking.length > 0 && { thinking_blocks: thinking }),
    ...(calls.length > 0 && { tool_calls: calls }),
    ...(annotations.length > 0 && { annotations }),
  };
}

function read(block: Block, said: Said, context: DecodeContext): void {
  if (typeof block.text === "string") said.text += block.text;
  if (isRecord(block.reasoningContent)) readReasoning(block.reasoningContent, said);
  if (isRecord(block.toolUse)) readCall(block.toolUse, said, context);
  if (isRecord(block.citationsContent)) readCited(block.citationsContent, said);
}

function readReasoning(content: Readonly<Record<string, unknown>>, said: Said): void {
  const redacted = textOf(content.redactedContent);
  if (redacted) said.thinking.push({ type: "redacted_thinking", data: redacted });
  if (!isRecord(content.reasoningText)) return;
  const thinking = textOf(content.reasoningText.text) ?? "";
  const signature = textOf(content.reasoningText.signature);
  said.reasoning += thinking;
  // Only what is signed must come back as it was; the rest is in the text.
  if (signature) said.thinking.push({ type: "thinking", thinking, signature });
}

function readCall(use: Readonly<Record<string, unknown>>, said: Said, context: DecodeContext): void {
  const name = toolName(use.name);
  const input = JSON.stringify(isRecord(use.input) ? use.input : {});
  if (name === ANSWER_TOOL) {
    // What was said before the call is no part of the JSON that was asked for.
    said.text = input;
    return;
  }
  const id = textOf(use.toolUseId) ?? `call_${context.id}_${said.calls.length}`;
  said.calls.push({ id, type: "function", function: { name, arguments: input } });
}

/** Some models leave marks of their own templates behind a tool's name. */
export function toolName(name: unknown): string {
  return (textOf(name) ?? "").split("<|")[0] ?? "";
}

function readCited(content: Readonly<Record<string, unknown>>, said: Said): void {
  const text = listOf(content.content)
    .map((part) => (isRecord(part) ? (textOf(part.text) ?? "") : ""))
    .join("");
  const span = { start: said.text.length, end: said.text.length + text.length };
  said.text += text;
  said.annotations.push(...citedWeb(listOf(content.citations), span));
}

import { z } from "zod";
import { GatewayError } from "@/server/errors";
import { annotationsOf } from "@/server/providers/cohere/citations";
import { failureOf, finishReason } from "@/server/providers/cohere/finish";
import { usageOf } from "@/server/providers/cohere/usage";
import type { DecodeContext } from "@/server/providers/provider";
import type { ChatCompletion, ChatToolCall } from "@/server/wire/chat";
import { isRecord, listOf, textOf } from "@/server/wire/json";
import { chatUsage, type Usage } from "@/server/wire/usage";

/** A whole answer; only what is read is checked. Source: Cohere API reference, v2 "Chat". */
const Answer = z.looseObject({
  id: z.string().nullish(),
  finish_reason: z.string().nullish(),
  message: z.looseObject({
    content: z.union([z.string(), z.array(z.looseObject({ type: z.string().nullish() }))]).nullish(),
    tool_plan: z.string().nullish(),
    tool_calls: z.array(z.looseObject({})).nullish(),
    citations: z.array(z.unknown()).nullish(),
  }),
  usage: z.looseObject({}).nullish(),
});
type Message = z.infer<typeof Answer>["message"];
type ChatMessage = ChatCompletion["choices"][number]["message"];

/** A whole answer of Cohere's in the canonical form. Throws `upstream_garbled` when it is none, and for an answer that failed. */
export function decode(
  body: unknown,
  context: DecodeContext,
): { completion: ChatCompletion; usage: Usage | undefined } {
  const parsed = Answer.safeParse(body);
  if (!parsed.success)
    throw new GatewayError("upstream_garbled", "The upstream's answer is no message.", { cause: parsed.error });
  const { id, message, finish_reason } = parsed.data;
  const failure = failureOf(finish_reason ?? undefined, undefined);
  if (failure) throw new GatewayError(failure.kind, failure.message ?? "The model failed.");
  const usage = usageOf(parsed.data.usage);
  const calls = (message.tool_calls ?? []).map((call, index) => toolCall(call, `call_${context.id}_${index}`));
  const completion: ChatCompletion = {
    id: id || context.id,
    object: "chat.completion",
    created: context.created,
    // Cohere names no model in its answers.
    model: "",
    choices: [
      {
        index: 0,
        message: messageOf(message, calls),
        logprobs: null,
        finish_reason: finishReason(finish_reason ?? undefined, calls.length > 0),
      },
    ],
    ...(usage && { usage: chatUsage(usage) }),
  };
  return { completion, usage };
}

function messageOf(message: Message, calls: ChatToolCall[]): ChatMessage {
  const blocks = typeof message.content === "string" ? [{ text: message.content }] : listOf(message.content);
  const starts: number[] = [];
  let text = "";
  let reasoning = message.tool_plan ?? "";
  for (const block of blocks) {
    starts.push(text.length);
    if (!isRecord(block)) continue;
    text += textOf(block.text) ?? "";
    reasoning += textOf(block.thinking) ?? "";
  }
  const annotations = (message.citations ?? []).flatMap((citation) =>
    annotationsOf(citation, offsetOf(citation, starts)),
  );
  return {
    role: "assistant",
    content: text === "" && calls.length > 0 ? null : text,
    refusal: null,
    ...(reasoning && { reasoning_content: reasoning }),
    ...(calls.length > 0 && { tool_calls: calls }),
    ...(annotations.length > 0 && { annotations }),
  };
}

function offsetOf(citation: unknown, starts: readonly number[]): number {
  const block = isRecord(citation) && typeof citation.content_index === "number" ? citation.content_index : 0;
  return starts[block] ?? 0;
}

function toolCall(call: Readonly<Record<string, unknown>>, id: string): ChatToolCall {
  const called = isRecord(call.function) ? call.function : {};
  return {
    id: textOf(call.id) ?? id,
    type: "function",
    function: { name: textOf(called.name) ?? "", arguments: textOf(called.arguments) ?? "{}" },
  };
}

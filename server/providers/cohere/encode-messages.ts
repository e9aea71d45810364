import { z } from "zod";
import { checked, refused } from "@/server/providers/anthropic/wire";
import type { ChatRequest } from "@/server/wire/chat";

type ChatMessage = ChatRequest["messages"][number];

/** A message of Cohere's v2 chat. Source: Cohere API reference, v2 "Chat", `messages`. */
export type CohereMessage = Readonly<Record<string, unknown>> & { readonly role: string };

const AssistantMessage = z.looseObject({
  reasoning_content: z.string().nullish(),
  refusal: z.string().nullish(),
  tool_calls: z
    .array(
      z.looseObject({
        id: z.string().min(1),
        function: z.looseObject({ name: z.string().min(1), arguments: z.unknown() }),
      }),
    )
    .nullish(),
});
const ToolMessage = z.looseObject({ tool_call_id: z.string().min(1) });
const Part = z.looseObject({ type: z.string(), text: z.string().nullish(), refusal: z.string().nullish() });
const ImagePart = z.looseObject({
  image_url: z.looseObject({ url: z.string().min(1), detail: z.string().nullish() }),
});

/** What the encoders of one request share; `reasons` is whether the model thinks in its content and not in a plan of tools. */
export type Encoding = { readonly reasons: boolean; readonly dropped: Set<string> };

/** Canonical messages as Cohere's. Turns without content are left out. Throws `invalid_request` for what is malformed. */
export function encodeMessages(messages: readonly ChatMessage[], encoding: Encoding): CohereMessage[] {
  return messages.flatMap((message, index) => {
    const path = `messages.${index}`;
    switch (message.role) {
      case "system":
      case "developer":
        return said("system", encodeContent(message.content, `${path}.content`, encoding));
      case "user":
        return said("user", encodeContent(message.content, `${path}.content`, encoding));
      case "assistant":
        return assistant(message, path, encoding);
      case "tool":
        return [toolResult(message, path, encoding)];
      default:
        throw refused(`${path}.role`, "Expected system, developer, user, assistant or tool.");
    }
  });
}

function said(role: string, content: readonly object[]): CohereMessage[] {
  return content.length === 0 ? [] : [{ role, content }];
}

function encodeContent(content: unknown, path: string, encoding: Encoding): object[] {
  if (content === null || content === undefined) return [];
  if (typeof content === "string") return textPart(content);
  return checked(z.array(Part), content, path).flatMap((part, index): object[] => {
    if (part.type === "text") return textPart(part.text ?? "");
    if (part.type === "refusal") return textPart(part.refusal ?? "");
    if (part.type === "image_url") {
      const { url, detail } = checked(ImagePart, part, `${path}.${index}`).image_url;
      return [{ type: "image_url", image_url: { url, ...(detail && { detail }) } }];
    }
    if (part.type === "file" || part.type === "input_audio")
      throw refused(`${path}.${index}`, "This provider takes texts and images.");
    if (/^\w{1,64}$/.test(part.type)) encoding.dropped.add(`messages.content.${part.type}`);
    return [];
  });
}

function textPart(text: string): object[] {
  return text === "" ? [] : [{ type: "text", text }];
}

/** What the model thought before it called tools is its plan, which goes back so that it knows why it called them. */
function assistant(message: ChatMessage, path: string, encoding: Encoding): CohereMessage[] {
  const { reasoning_content: thinking, tool_calls, refusal } = checked(AssistantMessage, message, path);
  const calls = (tool_calls ?? []).map(({ id, function: called }) => ({
    id,
    type: "function",
    function: { name: called.name, arguments: argumentsOf(called.arguments) },
  }));
  const text = encodeContent(message.content, `${path}.content`, encoding);
  const spoken = text.length > 0 ? text : textPart(refusal ?? "");
  const thought = thinking && encoding.reasons ? [{ type: "thinking", thinking }] : [];
  const content = [...thought, ...spoken];
  if (spoken.length === 0 && calls.length === 0) return [];
  const plan = thinking && !encoding.reasons && calls.length > 0 ? { tool_plan: thinking } : {};
  return [
    {
      role: "assistant",
      ...(content.length > 0 && { content }),
      ...(calls.length > 0 && { ...plan, tool_calls: calls }),
    },
  ];
}

function argumentsOf(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value ?? {});
  return value.trim() === "" ? "{}" : value;
}

/** A tool's result is text alone. */
function toolResult(message: ChatMessage, path: string, encoding: Encoding): CohereMessage {
  const { tool_call_id } = checked(ToolMessage, message, path);
  const parts = encodeContent(message.content, `${path}.content`, encoding);
  const texts = parts.filter((part) => "text" in part);
  if (texts.length < parts.length) encoding.dropped.add("messages.content.image_url");
  return { role: "tool", tool_call_id, content: texts.length > 0 ? texts : [{ type: "text", text: "" }] };
}

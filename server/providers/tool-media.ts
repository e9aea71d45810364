import type { ChatRequest } from "@/server/wire/chat";
import { isRecord, listOf, textOf } from "@/server/wire/json";

type ChatMessage = ChatRequest["messages"][number];

/**
 * Messages in which tools answer with text alone, as OpenAI's API demands: the images and files of their answers are said by
 * the user after the last answer of the round.
 */
export function liftToolMedia(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  if (!messages.some((message) => message.role === "tool" && listOf(message.content).some(isMedia))) return messages;
  const lifted: ChatMessage[] = [];
  let waiting: unknown[] = [];
  const say = (): void => {
    if (waiting.length > 0) lifted.push({ role: "user", content: waiting });
    waiting = [];
  };
  for (const message of messages) {
    const media = message.role === "tool" ? listOf(message.content).filter(isMedia) : [];
    if (message.role !== "tool") say();
    if (media.length === 0) lifted.push(message);
    else {
      const text = listOf(message.content).filter((part) => !isMedia(part));
      const content = text.length > 0 ? text : "The result is in the user's next message.";
      lifted.push({ ...message, content });
      waiting.push({ type: "text", text: `Result of ${textOf(message.tool_call_id) ?? "the tool"}:` }, ...media);
    }
  }
  say();
  return lifted;
}

function isMedia(part: unknown): boolean {
  return isRecord(part) && (part.type === "image_url" || part.type === "file" || part.type === "input_audio");
}

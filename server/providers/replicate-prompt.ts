import { GatewayError } from "@/server/errors";
import type { ChatRequest } from "@/server/wire/chat";
import { isRecord, listOf, textOf } from "@/server/wire/json";

/** A conversation as one prompt. */
export type Conversation = {
  readonly prompt: string;
  readonly system: string | undefined;
  /** http(s) or data URLs. */
  readonly images: readonly string[];
};

const SPEAKERS: Readonly<Record<string, string>> = { user: "User", assistant: "Assistant", tool: "Tool" };

/**
 * Messages for a model that takes a prompt: one message of the user's is the prompt itself, more become a transcript that ends
 * where the assistant is to speak. Instructions are apart where the model has a place for them (`apart.system`). Throws
 * `invalid_request` for content that is neither text nor image.
 */
export function conversation({ messages }: ChatRequest, apart: { readonly system: boolean }): Conversation {
  const images: string[] = [];
  const instructions: string[] = [];
  const turns: { role: string; text: string }[] = [];
  for (const [index, message] of messages.entries()) {
    const text = textIn(message, `messages.${index}`, images);
    if (message.role === "system" || message.role === "developer") instructions.push(text);
    else turns.push({ role: message.role, text });
  }
  const alone = turns.length === 1 && turns[0]?.role === "user" ? turns[0].text : undefined;
  const said = alone ?? transcript(turns);
  const system = instructions.length > 0 ? instructions.join("\n\n") : undefined;
  if (apart.system || system === undefined) return { prompt: said, system, images };
  return { prompt: `${system}\n\n${said}`, system: undefined, images };
}

function transcript(turns: readonly { role: string; text: string }[]): string {
  const lines = turns.map(({ role, text }) => `${SPEAKERS[role] ?? role}: ${text}`);
  const prefilled = turns.at(-1)?.role === "assistant";
  return [...lines, ...(prefilled ? [] : ["Assistant:"])].join("\n\n");
}

function textIn(message: ChatRequest["messages"][number], at: string, images: string[]): string {
  const calls = listOf(message.tool_calls).flatMap((call) =>
    isRecord(call) && isRecord(call.function)
      ? [`[called ${String(call.function.name)} with ${String(call.function.arguments ?? "{}")}]`]
      : [],
  );
  if (typeof message.content === "string") return [message.content, ...calls].filter(Boolean).join("\n");
  const texts: string[] = [];
  for (const [index, part] of listOf(message.content).entries()) {
    const url = isRecord(part) && isRecord(part.image_url) ? textOf(part.image_url.url) : undefined;
    if (isRecord(part) && typeof part.text === "string") texts.push(part.text);
    else if (url !== undefined) images.push(url);
    else {
      const param = `${at}.content.${index}`;
      throw new GatewayError(
        "invalid_request",
        `'${param}' is a kind of content that this model's provider does not take.`,
        {
          param,
        },
      );
    }
  }
  return [...texts, ...calls].join("\n");
}

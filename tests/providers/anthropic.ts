import { anthropic } from "@/server/providers/anthropic";
import type { StreamPiece, Target } from "@/server/providers/provider";
import { ChatRequest } from "@/server/wire/chat";
import { type Assembled, assemble } from "@/tests/providers/assemble";

if (anthropic.chat?.kind !== "translated") throw new Error("Anthropic's chat is a translation.");

/** Anthropic's chat translation. */
export const chat = anthropic.chat;

/** A model of the generation that takes every parameter: budgets of thinking, a temperature, forced tools. */
export const CLASSIC = "claude-sonnet-4-5-20250929";
/** One of the generation that thinks by itself and takes no sampling parameters, but forced tools. */
export const CURRENT = "claude-opus-5";

export const context = { id: "chatcmpl-context", created: 1_700_000_000 };

export function target(overrides: Partial<Target> = {}): Target {
  return { baseUrl: "https://api.anthropic.com", model: CLASSIC, headers: {}, options: {}, ...overrides };
}

const hello = [{ role: "user", content: "Hello" }];

/** The body and the dropped fields for a request as a caller sends it; without messages it says hello. */
export function encoded(request: Record<string, unknown>, model = CLASSIC) {
  const parsed = ChatRequest.parse({ model: "name", messages: hello, ...request });
  const { request: upstream, dropped } = chat.encode(parsed, target({ model }));
  const body: Record<string, unknown> = JSON.parse(String(upstream.body));
  return { body, dropped };
}

/** The turns and system prompt for these messages. */
export function encodedMessages(messages: unknown, model = CLASSIC) {
  const { system, messages: turns } = encoded({ messages }, model).body;
  return { system, turns };
}

/** What a caller gets for a stream of these events. */
export function streamed(events: readonly (object | string)[]): Assembled {
  return assemble(decodedPieces(events));
}

/** The pieces that a stream of these events becomes. */
export function decodedPieces(events: readonly (object | string)[]): StreamPiece[] {
  const decoder = chat.decodeStream(context);
  return events.flatMap((event) => [
    ...decoder({ event: "", data: typeof event === "string" ? event : JSON.stringify(event) }),
  ]);
}

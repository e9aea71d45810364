import { cohere } from "@/server/providers/cohere";
import type { StreamPiece, Target } from "@/server/providers/provider";
import { ChatRequest } from "@/server/wire/chat";
import type { ServerSentEvent } from "@/server/wire/sse";
import { type Assembled, assemble } from "@/tests/providers/assemble";

if (cohere.chat?.kind !== "translated") throw new Error("Cohere's chat is a translation.");

/** Cohere's chat translation. */
export const chat = cohere.chat;

export const context = { id: "0123", created: 1_700_000_000 };

export function target(overrides: Partial<Target> = {}): Target {
  return { baseUrl: "https://api.cohere.com", model: "command-a-03-2025", headers: {}, options: {}, ...overrides };
}

const hello = [{ role: "user", content: "Hello" }];

/** The body and the dropped fields for a request as a caller sends it; without messages it says hello. */
export function encoded(request: Record<string, unknown>, overrides: Partial<Target> = {}) {
  const parsed = ChatRequest.parse({ model: "name", messages: hello, ...request });
  const { request: upstream, dropped } = chat.encode(parsed, target(overrides));
  const body: Record<string, unknown> = JSON.parse(String(upstream.body));
  return { body, dropped, url: upstream.url };
}

export function piecesOf(events: readonly ServerSentEvent[]): StreamPiece[] {
  const decode = chat.decodeStream(context);
  return events.flatMap((event) => [...decode(event)]);
}

/** What a caller gets for a stream of these events. */
export function streamed(events: readonly (object | string)[]): Assembled {
  const data = events.map((event) => (typeof event === "string" ? event : JSON.stringify(event)));
  return assemble(piecesOf(data.map((text) => ({ event: "", data: text }))));
}

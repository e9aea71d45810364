import { gemini } from "@/server/providers/gemini";
import type { StreamPiece, Target } from "@/server/providers/provider";
import { ChatRequest } from "@/server/wire/chat";
import { type Assembled, assemble } from "@/tests/providers/assemble";

if (gemini.chat?.kind !== "translated") throw new Error("Gemini's chat is a translation.");

/** Gemini's chat translation. */
export const chat = gemini.chat;

/** A model whose thinking is set by level, and whose calls must be signed. */
export const CURRENT = "gemini-3-pro-preview";
/** One whose thinking is set by a budget. */
export const CLASSIC = "gemini-2.5-flash";

export const context = { id: "chatcmpl-context", created: 1_700_000_000 };

export function target(overrides: Partial<Target> = {}): Target {
  return {
    baseUrl: "https://generativelanguage.googleapis.com/v1beta",
    model: CLASSIC,
    headers: {},
    options: {},
    ...overrides,
  };
}

const hello = [{ role: "user", content: "Hello" }];

/** The body, URL and dropped fields for a request as a caller sends it; without messages it says hello. */
export function encoded(request: Record<string, unknown>, model = CLASSIC, options: Target["options"] = {}) {
  const parsed = ChatRequest.parse({ model: "name", messages: hello, ...request });
  const { request: upstream, dropped } = chat.encode(parsed, target({ model, options }));
  const body: Record<string, unknown> = JSON.parse(String(upstream.body));
  return { body, dropped, url: upstream.url };
}

/** The pieces that a stream of these events becomes. */
export function decodedPieces(events: readonly (object | string)[]): StreamPiece[] {
  const decoder = chat.decodeStream(context);
  return events.flatMap((event) => [
    ...decoder({ event: "", data: typeof event === "string" ? event : JSON.stringify(event) }),
  ]);
}

/** What a caller gets for a stream of these events. */
export function streamed(events: readonly (object | string)[]): Assembled {
  return assemble(decodedPieces(events));
}

import { bedrock } from "@/server/providers/bedrock";
import type { StreamPiece, Target } from "@/server/providers/provider";
import { ChatRequest } from "@/server/wire/chat";
import { frameParser } from "@/server/wire/framing";
import type { ServerSentEvent } from "@/server/wire/sse";
import { type Assembled, assemble } from "@/tests/providers/assemble";
import { eventMessage } from "@/tests/wire/event-stream";

if (bedrock.chat?.kind !== "translated") throw new Error("Bedrock's chat is a translation.");

/** Bedrock's chat translation. */
export const chat = bedrock.chat;

export const SONNET = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
export const OLD_SONNET = "anthropic.claude-3-5-sonnet-20241022-v2:0";
export const NOVA = "amazon.nova-2-lite-v1:0";
export const LLAMA = "meta.llama3-3-70b-instruct-v1:0";

export const context = { id: "0123", created: 1_700_000_000 };

export function target(overrides: Partial<Target> = {}): Target {
  return { baseUrl: bedrock.baseUrl ?? "", model: SONNET, headers: {}, options: {}, ...overrides };
}

const hello = [{ role: "user", content: "Hello" }];

/** The body and the dropped fields for a request as a caller sends it; without messages it says hello. */
export function encoded(request: Record<string, unknown>, overrides: Partial<Target> = {}) {
  const parsed = ChatRequest.parse({ model: "name", messages: hello, ...request });
  const { request: upstream, dropped } = chat.encode(parsed, target(overrides));
  const body: Record<string, unknown> = JSON.parse(String(upstream.body));
  return { body, dropped, url: upstream.url, headers: upstream.headers };
}

/** One event of a recording, named by its single key, as the bytes that Bedrock sends. */
export function framed(line: string): Buffer {
  const [entry] = Object.entries(JSON.parse(line));
  if (!entry) throw new Error("A recorded event has no name.");
  return eventMessage(entry[0], JSON.stringify(entry[1]));
}

/** The events that a stream of these bytes holds. */
export function eventsOf(chunks: readonly Uint8Array[]): ServerSentEvent[] {
  const parser = frameParser("aws-event-stream");
  return chunks.flatMap((chunk) => parser.push(chunk));
}

/** What a caller gets for a stream of these events. */
export function streamed(events: readonly object[]): Assembled {
  return assemble(piecesOf(eventsOf(events.map((event) => framed(JSON.stringify(event))))));
}

export function piecesOf(events: readonly ServerSentEvent[]): StreamPiece[] {
  const decode = chat.decodeStream(context);
  return events.flatMap((event) => [...decode(event)]);
}

import { messages } from "@/server/dialects/messages";
import type { ChatChunk, ChatCompletion } from "@/server/wire/chat";
import { isRecord } from "@/server/wire/json";
import type { Usage } from "@/server/wire/usage";
import { eventsOf } from "@/tests/providers/recordings";

export const context = { id: "0123456789abcdef0123456789abcdef", created: 1_700_000_000, model: "my-model" };
export const located = { params: {}, query: new URLSearchParams() };

/** A request of the Messages API in the canonical form; without messages it says hello. */
export function canonical(body: Record<string, unknown>) {
  const hello = [{ role: "user", content: "Hello" }];
  return messages.toCanonical({ model: "my-model", max_tokens: 100, messages: hello, ...body }, located).request;
}

/** The canonical messages for these turns. */
export function turns(...list: unknown[]) {
  return canonical({ messages: list }).messages;
}

type Choice = ChatCompletion["choices"][number];

/** What a caller gets for one canonical choice. */
export function answered(
  message: Partial<Choice["message"]>,
  end: Omit<Partial<Choice>, "message"> = {},
  { usage, body = {} }: { usage?: Usage; body?: Record<string, unknown> } = {},
) {
  const completion: ChatCompletion = {
    id: "x",
    object: "chat.completion",
    created: 0,
    model: "upstream",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: null, refusal: null, ...message },
        logprobs: null,
        finish_reason: "stop",
        ...end,
      },
    ],
  };
  return messages.encodeAnswer(completion, { usage, body, context });
}

type ChunkChoice = ChatChunk["choices"][number];

/** One chunk; without a reason the answer goes on. */
export function chunk(delta: ChunkChoice["delta"], end: Partial<ChunkChoice> = {}): ChatChunk {
  return {
    id: "x",
    object: "chat.completion.chunk",
    created: 0,
    model: "upstream",
    choices: [{ index: 0, delta, logprobs: null, finish_reason: null, ...end }],
  };
}

/** The events that a caller gets for these chunks, up to and with the end. */
export function streamed(
  chunks: readonly ChatChunk[],
  { usage, body = {} }: { usage?: Usage | undefined; body?: Record<string, unknown> } = {},
): Event[] {
  const encoder = messages.encodeStream(body, context, located);
  const text = chunks.map((one) => encoder.chunk(one)).join("") + encoder.finish(usage);
  return parsed(text);
}

export type Event = { type: string; [field: string]: unknown };

/** Takes a stream's text apart; the name of every event must be its type. */
export function parsed(text: string): Event[] {
  return eventsOf([Buffer.from(text)]).map(({ event, data }) => {
    const payload: Event = JSON.parse(data);
    if (payload.type !== event) throw new Error(`The event ${event} holds a ${payload.type}.`);
    return payload;
  });
}

type Message = Record<string, unknown> & { content: Record<string, unknown>[]; usage: Record<string, unknown> };

/** Puts a stream together as Anthropic's clients do; throws where its events are in no order that they allow. */
export function assembled(events: readonly Event[]): Message {
  let message: Message | undefined;
  const open = new Map<unknown, string>();
  for (const event of events) {
    if (event.type === "ping") continue;
    if (event.type === "message_start") {
      if (message) throw new Error("A second message_start.");
      message = structuredClone(event.message) as Message;
      continue;
    }
    if (!message) throw new Error(`${event.type} before message_start.`);
    if (message.ended === true) throw new Error(`${event.type} after message_stop.`);
    step(message, open, event);
  }
  if (!message) throw new Error("No message.");
  delete message.ended;
  return message;
}

function step(message: Message, open: Map<unknown, string>, event: Event): void {
  const { index, delta } = event;
  if (event.type === "content_block_start") {
    if (index !== message.content.length) throw new Error(`Block ${index} begins as number ${message.content.length}.`);
    if (isRecord(event.content_block)) message.content.push({ ...event.content_block });
    open.set(index, "");
  } else if (event.type === "content_block_delta") {
    if (!open.has(index) || !isRecord(delta)) throw new Error(`A delta for block ${index}, which is not open.`);
    const block = message.content[Number(index)] ?? {};
    addDelta(block, delta, (json) => open.set(index, (open.get(index) ?? "") + json));
  } else if (event.type === "content_block_stop") {
    if (!open.has(index)) throw new Error(`Block ${index} ends and is not open.`);
    const json = open.get(index);
    const block = message.content[Number(index)];
    if (json && block) block.input = JSON.parse(json);
    open.delete(index);
  } else if (event.type === "message_delta") {
    Object.assign(message, delta);
    Object.assign(message.usage, event.usage);
  } else if (event.type === "message_stop") {
    if (open.size > 0) throw new Error("A block was not ended.");
    message.ended = true;
  } else throw new Error(`Unknown event ${event.type}.`);
}

function addDelta(
  block: Record<string, unknown>,
  delta: Record<string, unknown>,
  addJson: (json: string) => void,
): void {
  if (delta.type === "text_delta") block.text = String(block.text) + String(delta.text);
  else if (delta.type === "thinking_delta") block.thinking = String(block.thinking) + String(delta.thinking);
  else if (delta.type === "signature_delta") block.signature = delta.signature;
  else if (delta.type === "input_json_delta") addJson(String(delta.partial_json));
  else if (delta.type === "citations_delta")
    block.citations = [...(Array.isArray(block.citations) ? block.citations : []), delta.citation];
  else if (delta.type === "compaction_delta") block.content = delta.content;
  else throw new Error(`Unknown delta ${String(delta.type)}.`);
}

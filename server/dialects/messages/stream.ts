import type { AnswerContext, JsonObject, StreamEncoder } from "@/server/dialects/dialect";
import { carriedBlock, messageHead, toolUseId } from "@/server/dialects/messages/answer";
import { citationsOf } from "@/server/dialects/messages/citations";
import { type Ended, endFor } from "@/server/dialects/messages/end";
import { errorBody } from "@/server/dialects/messages/error";
import { blockDelta, blockStart, blockStop, event, wholeBlock } from "@/server/dialects/messages/events";
import { StreamCall } from "@/server/dialects/messages/stream-call";
import type { GatewayError } from "@/server/errors";
import type { ChatChunk, ChatToolCallDelta, ContentBlock, ThinkingBlock } from "@/server/wire/chat";
import { listOf } from "@/server/wire/json";
import { messagesUsage } from "@/server/wire/messages-usage";
import type { Usage } from "@/server/wire/usage";

type Choice = ChatChunk["choices"][number];

/** What one stream's text blocks and thinking blocks have in common: one is open at a time, and it grows. */
type OpenText = { readonly type: "text" | "thinking"; readonly index: number };

/** A stream's blocks so far, the one that is open, and all of its text. */
type Broken = { readonly blocks: number; readonly open: OpenText | undefined; readonly text: string };

/** Source: Anthropic API reference, "Streaming Messages". */
export class MessagesStream implements StreamEncoder {
  readonly #body: JsonObject;
  readonly #context: AnswerContext;
  #started = false;
  #blocks = 0;
  #open: OpenText | undefined;
  readonly #calls = new Map<number, StreamCall>();
  #text = "";
  #refusal = "";
  #ended: Pick<Ended, "finish_reason"> & Partial<Ended> = { finish_reason: null };

  /** `from` is where a stream that broke off is gone on with. */
  constructor(body: JsonObject, context: AnswerContext, from?: Broken) {
    this.#body = body;
    this.#context = context;
    if (!from) return;
    this.#started = true;
    this.#blocks = from.blocks;
    this.#open = from.open;
    this.#text = from.text;
  }

  chunk(chunk: ChatChunk): string {
    let text = this.#start();
    for (const choice of chunk.choices) if (choice.index === 0) text += this.#choice(choice);
    return text;
  }

  finish(usage: Usage | undefined): string {
    const text = this.#start() + this.#closeText() + this.#closeCalls();
    const calledTools = this.#calls.size > 0;
    const delta = endFor({ ...this.#ended, calledTools, refusal: this.#refusal }, this.#body);
    return text + event("message_delta", { delta, usage: messagesUsage(usage) }) + event("message_stop");
  }

  fail(error: GatewayError): string {
    return event("error", errorBody(error));
  }

  #start(): string {
    if (this.#started) return "";
    this.#started = true;
    const end = { stop_reason: null, stop_sequence: null, stop_details: null };
    const message = { ...messageHead(this.#context), content: [], ...end, usage: messagesUsage() };
    return event("message_start", { message }) + event("ping");
  }

  #choice(choice: Choice): string {
    const { delta } = choice;
    if (choice.finish_reason !== null && choice.finish_reason !== undefined) this.#ended = choice;
    let text = "";
    if (delta.reasoning_content) text += this.#grow("thinking", delta.reasoning_content);
    for (const block of delta.thinking_blocks ?? []) text += this.#thought(block);
    if (delta.content) text += this.#grow("text", delta.content);
    if (delta.refusal) text += this.#refuse(delta.refusal);
    for (const call of delta.tool_calls ?? []) text += this.#call(call);
    if (delta.content_blocks) for (const block of delta.content_blocks) text += this.#whole(block);
    else if (delta.annotations) text += this.#cite(citationsOf(delta.annotations, this.#text));
    return text;
  }

  #grow(type: OpenText["type"], piece: string): string {
    let text = "";
    if (this.#open?.type !== type) {
      text = this.#closeText() + this.#closeCalls();
      const empty = type === "text" ? { type, text: "" } : { type, thinking: "", signature: "" };
      this.#open = { type, index: this.#blocks++ };
      text += blockStart(this.#open.index, empty);
    }
    if (type === "thinking") return text + blockDelta(this.#open.index, { type: "thinking_delta", thinking: piece });
    this.#text += piece;
    return text + blockDelta(this.#open.index, { type: "text_delta", text: piece });
  }

  /** A block comes after its text has: then only its signature is new. */
  #thought(block: ThinkingBlock): string {
    if (block.type === "redacted_thinking") return this.#add({ ...block });
    const text = this.#open?.type === "thinking" ? "" : this.#grow("thinking", block.thinking);
    const { signature } = block;
    const signed = signature && this.#open ? blockDelta(this.#open.index, { type: "signature_delta", signature }) : "";
    return text + signed + this.#closeText();
  }

  /** A refusal in words is what the answer says, unless it said something else before. */
  #refuse(piece: string): string {
    const alone = this.#text === this.#refusal;
    this.#refusal += piece;
    return alone ? this.#grow("text", piece) : "";
  }

  #call(delta: ChatToolCallDelta): string {
    const known = this.#calls.get(delta.index);
    if (known) return known.delta(delta);
    let text = this.#closeText();
    // Vendors may say several calls at the same time: those that miss something stay open.
    for (const call of this.#calls.values()) if (call.isWhole) text += call.stop();
    // Vendors send it with a call's beginning, and the block must be whole before the call's begins.
    const spareId = toolUseId(this.#context, this.#calls.size);
    if (delta.extra_content) text += this.#add(carriedBlock({ [delta.id || spareId]: delta.extra_content }));
    const call = new StreamCall(this.#blocks++, spareId);
    this.#calls.set(delta.index, call);
    return text + call.delta(delta);
  }

  /** A whole block of a vendor of this API; of what deltas have said only the citations are new. */
  #whole(block: ContentBlock): string {
    if (block.type === "text") return this.#cite(listOf(block.citations)) + this.#closeText();
    if (["thinking", "redacted_thinking", "tool_use"].includes(block.type)) return "";
    return this.#closeCalls() + this.#add(block);
  }

  #cite(citations: readonly unknown[]): string {
    const { type, index } = this.#open ?? {};
    if (type !== "text" || index === undefined) return "";
    return citations.map((citation) => blockDelta(index, { type: "citations_delta", citation })).join("");
  }

  #add(block: ContentBlock): string {
    return this.#closeText() + wholeBlock(this.#blocks++, block);
  }

  #closeText(): string {
    const open = this.#open;
    this.#open = undefined;
    return open ? blockStop(open.index) : "";
  }

  #closeCalls(): string {
    let text = "";
    for (const call of this.#calls.values()) text += call.stop();
    return text;
  }
}

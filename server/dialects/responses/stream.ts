import type { AnswerContext, JsonObject, StreamEncoder } from "@/server/dialects/dialect";
import { type Progress, responseObject } from "@/server/dialects/responses/response-object";
import {
  type BegunMessage,
  CallItem,
  type Emit,
  MessageItem,
  ReasoningItem,
} from "@/server/dialects/responses/stream-items";
import type { GatewayError } from "@/server/errors";
import { packCarried } from "@/server/wire/carried";
import type { ChatChunk, ChatToolCallDelta, ContentBlock, ExtraContent, ThinkingBlock } from "@/server/wire/chat";
import { openaiError } from "@/server/wire/error";
import { isRecord, listOf } from "@/server/wire/json";
import type { Usage } from "@/server/wire/usage";

type Choice = ChatChunk["choices"][number];
type Item = MessageItem | ReasoningItem | CallItem;

/** A response that was begun by other bytes. */
export type BegunResponse = {
  /** As its first event has it. */
  readonly response: JsonObject;
  /** The number of its next event. */
  readonly sequence: number;
  /** Items that are done. */
  readonly items: readonly JsonObject[];
  /** The item after them, where a message is open. */
  readonly message: BegunMessage | undefined;
};

/**
 * Writes an answer as typed events: each item of the output is added, grows and is done; the response is created first and
 * completed, incomplete or failed last. Source: OpenAI API reference, "Streaming events" of responses.
 */
export class ResponseStream implements StreamEncoder {
  readonly #body: JsonObject;
  readonly #context: AnswerContext;
  readonly #begun: JsonObject | undefined;
  readonly #items: (Item | { readonly item: JsonObject })[] = [];
  readonly #calls = new Map<number, CallItem>();
  #message: MessageItem | undefined;
  #reasoning: ReasoningItem | undefined;
  /** What a vendor wants back and no item has carried yet. */
  #thinking: ThinkingBlock[] = [];
  #extras: Record<string, ExtraContent> = {};
  /** All content as its vendor has it: whole only at the end. */
  readonly #content: ContentBlock[] = [];
  #sequence = 0;
  #finishReason: string | undefined;
  #serviceTier: string | undefined;
  #answer: JsonObject | undefined;

  /** `from` is where a stream that broke off is gone on with. */
  constructor(body: JsonObject, context: AnswerContext, from?: BegunResponse) {
    this.#body = body;
    this.#context = context;
    if (!from) return;
    this.#begun = from.response;
    this.#sequence = from.sequence;
    this.#items.push(...from.items.map((item) => ({ item })));
    if (!from.message) return;
    const place = { ...this.#placeOf("msg"), id: String(from.message.item.id) };
    this.#message = new MessageItem(place, from.message);
    this.#items.push(this.#message);
  }

  chunk(chunk: ChatChunk): string {
    let out = this.#begin();
    if (chunk.service_tier) this.#serviceTier = chunk.service_tier;
    for (const choice of chunk.choices) {
      // A response has one answer.
      if (choice.index === 0) out += this.#takeChoice(choice);
    }
    return out;
  }

  finish(usage: Usage | undefined): string {
    const incomplete = incompleteReason(this.#finishReason);
    const status = incomplete ? "incomplete" : "completed";
    const out = this.#begin() + this.#closeAll(status);
    this.#answer = this.#response({ status, usage, incomplete });
    return out + this.#emit(`response.${status}`, { response: this.#answer });
  }

  /**
   * The error itself, for clients that look for one, and the response that failed, for those that wait for its end. Where the
   * response was begun by another's bytes, only the error: that response is not known here.
   */
  fail(error: GatewayError): string {
    const { message, code, param } = error;
    const begun = this.#sequence > 0;
    const said = this.#emit("error", { code: code ?? error.type, message, param, error: openaiError(error).error });
    if (!begun) return said;
    this.#answer = this.#response({ status: "failed", error });
    return said + this.#emit("response.failed", { response: this.#answer });
  }

  /** The whole response once the stream is over. */
  answer(): JsonObject | undefined {
    return this.#answer;
  }

  readonly #emit: Emit = (type, fields) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: this.#sequence++, ...fields })}\n\n`;

  #begin(): string {
    if (this.#sequence > 0) return "";
    const response = this.#response({ status: "in_progress" });
    return this.#emit("response.created", { response }) + this.#emit("response.in_progress", { response });
  }

  #response(progress: Omit<Progress, "output">): JsonObject {
    const output = this.#items.map(({ item }) => item);
    const made = responseObject(this.#body, this.#context, { ...progress, output, serviceTier: this.#serviceTier });
    if (!this.#begun) return made;
    const { status, error, incomplete_details, usage } = made;
    // Some vendors leave fields out that every response has.
    return { ...made, ...this.#begun, status, error, incomplete_details, output, usage };
  }

  #takeChoice({ delta, finish_reason, logprobs }: Choice): string {
    let out = "";
    if (delta.reasoning_content) out += this.#think(delta.reasoning_content);
    if (delta.thinking_blocks?.length) {
      this.#thinking.push(...delta.thinking_blocks);
      out += this.#reasoning?.endPart() ?? "";
    }
    if (delta.content_blocks) this.#content.push(...delta.content_blocks);
    if (delta.content) out += this.#speak((message) => message.text(delta.content ?? "", logprobsOf(logprobs)));
    if (delta.refusal) out += this.#speak((message) => message.refusal(delta.refusal ?? ""));
    for (const annotation of delta.annotations ?? []) out += this.#annotate(annotation);
    for (const call of delta.tool_calls ?? []) out += this.#call(call);
    if (finish_reason) this.#finishReason = finish_reason;
    return out;
  }

  #think(text: string): string {
    let out = this.#closeMessage("completed");
    if (!this.#reasoning) {
      this.#reasoning = new ReasoningItem(this.#placeOf("rs"));
      out += this.#added(this.#reasoning);
    }
    return out + this.#reasoning.text(text);
  }

  #speak(say: (message: MessageItem) => string): string {
    let out = this.#closeReasoning();
    if (!this.#message) {
      this.#message = new MessageItem(this.#placeOf("msg"));
      out += this.#added(this.#message);
    }
    return out + say(this.#message);
  }

  #annotate(annotation: NonNullable<Choice["delta"]["annotations"]>[number]): string {
    const last = this.#items.findLast((item) => item instanceof MessageItem);
    return last instanceof MessageItem ? last.annotate(annotation) : this.#speak((item) => item.annotate(annotation));
  }

  #call(delta: ChatToolCallDelta): string {
    const open = this.#calls.get(delta.index);
    const id = open?.callId ?? (delta.id || `call_${this.#context.id}${delta.index}`);
    if (delta.extra_content) this.#extras[id] = delta.extra_content;
    let out = "";
    let call = open;
    if (!call) {
      out = this.#closeReasoning() + this.#closeMessage("completed") + this.#closeWholeCalls();
      const custom = delta.type === "custom" || delta.custom !== undefined;
      const name = (custom ? delta.custom?.name : delta.function?.name) ?? "";
      call = new CallItem(this.#placeOf(custom ? "ctc" : "fc"), { callId: id, name, custom });
      this.#calls.set(delta.index, call);
      out += this.#added(call);
    }
    return out + call.input(delta.function?.arguments ?? delta.custom?.input ?? "");
  }

  #placeOf(prefix: string): { id: string; index: number; emit: Emit } {
    const index = this.#items.length;
    return { id: `${prefix}_${this.#context.id}${index}`, index, emit: this.#emit };
  }

  #added(item: Item): string {
    this.#items.push(item);
    return item.add();
  }

  /** Calls may come interleaved, so one is done when its arguments are whole and another begins, or when the answer is. */
  #closeWholeCalls(): string {
    let out = "";
    for (const call of this.#calls.values()) if (!call.closed && call.isWhole) out += call.close("completed");
    return out;
  }

  /** Ends the reasoning with what must come back in the next turn; makes an item for that where there is none. */
  #closeReasoning(content: readonly ContentBlock[] = []): string {
    const carried = {
      ...(this.#thinking.length > 0 && { thinking_blocks: this.#thinking }),
      ...(Object.keys(this.#extras).length > 0 && { tool_calls: this.#extras }),
      ...(content.length > 0 && { content_blocks: content }),
    };
    const encrypted = Object.keys(carried).length > 0 ? packCarried(carried) : undefined;
    let out = "";
    let reasoning = this.#reasoning;
    if (!reasoning) {
      if (encrypted === undefined) return "";
      out = this.#closeMessage("completed");
      reasoning = new ReasoningItem(this.#placeOf("rs"));
      out += this.#added(reasoning);
    }
    this.#reasoning = undefined;
    this.#thinking = [];
    this.#extras = {};
    return out + reasoning.close(encrypted);
  }

  #closeMessage(status: "completed" | "incomplete"): string {
    const message = this.#message;
    this.#message = undefined;
    return message?.close(status) ?? "";
  }

  /** What was cut short is the item that was last spoken. */
  #closeAll(status: "completed" | "incomplete"): string {
    const last = this.#items.at(-1);
    let out = this.#closeMessage(this.#message === last ? status : "completed") + this.#closeReasoning(this.#content);
    for (const call of this.#calls.values()) {
      if (!call.closed) out += call.close(call === last && !call.isWhole ? status : "completed");
    }
    return out;
  }
}

function incompleteReason(finishReason: string | undefined): Progress["incomplete"] {
  if (finishReason === "length") return "max_output_tokens";
  return finishReason === "content_filter" ? "content_filter" : undefined;
}

/** Chat's log probabilities of texts, which have the same fields. */
function logprobsOf(logprobs: Choice["logprobs"]): readonly unknown[] {
  return listOf(logprobs?.content).flatMap((one) => {
    if (!isRecord(one)) return [];
    const top = listOf(one.top_logprobs).filter(isRecord);
    return [
      { ...one, bytes: listOf(one.bytes), top_logprobs: top.map((each) => ({ ...each, bytes: listOf(each.bytes) })) },
    ];
  });
}

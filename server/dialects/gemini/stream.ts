import type { AnswerContext, JsonObject, StreamEncoder } from "@/server/dialects/dialect";
import { logprobsResult } from "@/server/dialects/gemini/answer";
import {
  type Called,
  callPart,
  groundingOf,
  mediaParts,
  signedText,
  wantsThoughts,
} from "@/server/dialects/gemini/answer-parts";
import { errorBody } from "@/server/dialects/gemini/error";
import type { ChatAnnotation, ChatChunk, ChatFinishReason, ChatToolCallDelta, ThinkingBlock } from "@/server/wire/chat";
import { geminiFinish } from "@/server/wire/gemini-stop";
import { usageMetadata } from "@/server/wire/gemini-usage";
import { sseData } from "@/server/wire/sse";
import type { Usage } from "@/server/wire/usage";

type Choice = ChatChunk["choices"][number];

/** A stream that broke off: what each of its events says of itself, and its text. */
type Broken = {
  readonly modelVersion: string | undefined;
  readonly responseId: string | undefined;
  readonly text: string;
};

/**
 * Writes an answer as streamGenerateContent does: each event is a response, and the last has the reason and the counts. `from` is where
 * a stream that broke off is gone on with.
 */
export function writeStream(body: JsonObject, context: AnswerContext, from?: Broken): StreamEncoder {
  const candidates = new Map<number, CandidateWriter>();
  const thoughts = wantsThoughts(body);
  let about = { modelVersion: from?.modelVersion ?? context.model, responseId: from?.responseId ?? context.id };
  const writerOf = (index: number): CandidateWriter => {
    const known = candidates.get(index) ?? new CandidateWriter(index, { thoughts, said: from?.text ?? "" });
    candidates.set(index, known);
    return known;
  };
  return {
    chunk: ({ id, model, choices }) => {
      about = { modelVersion: model || about.modelVersion, responseId: id || about.responseId };
      const said = choices.flatMap((choice) => writerOf(choice.index).add(choice) ?? []);
      return said.length > 0 ? sseData({ candidates: said, ...about }) : "";
    },
    finish: (usage: Usage | undefined) => {
      const last = [...candidates.values()].map((writer) => writer.finish());
      return sseData({ candidates: last, ...(usage && { usageMetadata: usageMetadata(usage) }), ...about });
    },
    fail: (error) => sseData(errorBody(error, context.id)),
  };
}

class CandidateWriter {
  readonly #index: number;
  readonly #thoughts: boolean;
  readonly #calls: Called[] = [];
  readonly #annotations: ChatAnnotation[] = [];
  #thinking: ThinkingBlock[] = [];
  #text: string;
  #reason: ChatFinishReason = "stop";
  #refusal = "";

  constructor(index: number, { thoughts, said }: { readonly thoughts: boolean; readonly said: string }) {
    this.#index = index;
    this.#text = said;
    this.#thoughts = thoughts;
  }

  /** What can be said at once; undefined where nothing can. */
  add({ delta, finish_reason, logprobs }: Choice): JsonObject | undefined {
    if (finish_reason) this.#reason = finish_reason;
    this.#thinking.push(...(delta.thinking_blocks ?? []));
    this.#annotations.push(...(delta.annotations ?? []));
    this.#refusal += delta.refusal ?? "";
    for (const call of delta.tool_calls ?? []) this.#call(call);
    const parts: JsonObject[] = [];
    if (delta.reasoning_content && this.#thoughts) parts.push({ text: delta.reasoning_content, thought: true });
    const text = `${delta.content ?? ""}${delta.refusal ?? ""}`;
    this.#text += text;
    if (text !== "") parts.push({ text });
    parts.push(...mediaParts(delta.images ?? [], delta.audio));
    const result = logprobsResult(logprobs);
    if (parts.length === 0 && !result) return undefined;
    return {
      content: { parts, role: "model" },
      index: this.#index,
      ...(result && { logprobsResult: result }),
    };
  }

  /** Calls come whole, as Gemini sends them unless asked otherwise, and so with the end. */
  finish(): JsonObject {
    const calls = this.#calls.filter(Boolean);
    const parts = calls.map((call, at) => callPart(call, at === 0 ? this.#thinking : []));
    if (parts.length === 0) parts.push(signedText("", this.#thinking));
    const grounding = groundingOf(this.#annotations, this.#text);
    return {
      content: { parts, role: "model" },
      finishReason: geminiFinish(this.#reason),
      ...(this.#refusal && { finishMessage: this.#refusal }),
      index: this.#index,
      ...(grounding && { groundingMetadata: grounding }),
    };
  }

  #call({ index, id, function: called, custom, extra_content }: ChatToolCallDelta): void {
    const known = this.#calls[index];
    const args = called?.arguments ?? custom?.input ?? "";
    if (!known) {
      this.#calls[index] = { id: id ?? "", name: called?.name ?? custom?.name ?? "", arguments: args, extra_content };
      return;
    }
    known.arguments += args;
    if (id) known.id = id;
    if (called?.name) known.name ||= called.name;
    if (extra_content) known.extra_content = extra_content;
  }
}

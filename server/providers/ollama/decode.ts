import { GatewayError } from "@/server/errors";
import { classifyOpenAi } from "@/server/providers/openai-like";
import type { DecodeContext, StreamPiece, TranslatedChat } from "@/server/providers/provider";
import type { ChatChunk, ChatCompletion, ChatFinishReason } from "@/server/wire/chat";
import { countOf, isRecord, listOf, textOf } from "@/server/wire/json";
import type { ServerSentEvent } from "@/server/wire/sse";
import { noUsage, type Usage } from "@/server/wire/usage";

/** Reads Ollama's whole answer. */
export function decode(body: unknown, context: DecodeContext): ReturnType<TranslatedChat["decode"]> {
  if (!isRecord(body) || !isRecord(body.message))
    throw new GatewayError("upstream_garbled", "The provider's answer is not one of Ollama's.");
  const calls = callsOf(body.message, context, 0);
  const reasoning = textOf(body.message.thinking);
  const completion: ChatCompletion = {
    id: context.id,
    object: "chat.completion",
    created: createdOf(body, context),
    model: textOf(body.model) ?? "",
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: textOf(body.message.content) ?? (calls.length > 0 ? null : ""),
          refusal: null,
          ...(reasoning && { reasoning_content: reasoning }),
          ...(calls.length > 0 && { tool_calls: calls }),
        },
        logprobs: logprobsOf(body),
        finish_reason: finishReason(body.done_reason, calls.length > 0),
      },
    ],
  };
  return { completion, usage: usageOf(body) };
}

/** Reads one stream, a JSON object a line, of which the last says `done`. */
export function decodeStream(context: DecodeContext): (event: ServerSentEvent) => readonly StreamPiece[] {
  let calls = 0;
  let begun = false;
  return ({ data }) => {
    const body = parse(data);
    if (!body) return [];
    if (body.error !== undefined) return [{ kind: "error", error: classifyOpenAi(500, body) }];
    const message = isRecord(body.message) ? body.message : {};
    const called = callsOf(message, context, calls);
    const reasoning = textOf(message.thinking);
    const content = textOf(message.content);
    const logprobs = logprobsOf(body);
    const delta: ChatChunk["choices"][number]["delta"] = {
      ...(!begun && { role: "assistant" as const }),
      ...(content !== undefined && { content }),
      ...(reasoning && { reasoning_content: reasoning }),
      ...(called.length > 0 && { tool_calls: called.map((call, index) => ({ index: calls + index, ...call })) }),
    };
    calls += called.length;
    const pieces: StreamPiece[] = [];
    const finish_reason = body.done === true ? finishReason(body.done_reason, calls > 0) : null;
    if (finish_reason !== null || Object.keys(delta).length > 0) {
      begun = true;
      const choice = { index: 0, delta, ...(logprobs && { logprobs }), finish_reason };
      const head = { id: context.id, created: createdOf(body, context), model: textOf(body.model) ?? "" };
      pieces.push({ kind: "chunk", chunk: { ...head, object: "chat.completion.chunk", choices: [choice] } });
    }
    const usage = usageOf(body);
    if (usage) pieces.push({ kind: "usage", usage });
    if (body.done === true) pieces.push({ kind: "end" });
    return pieces;
  };
}

type Call = { id: string; type: "function"; function: { name: string; arguments: string } };

/** Older servers give calls no ids. */
function callsOf(message: Readonly<Record<string, unknown>>, context: DecodeContext, before: number): Call[] {
  return listOf(message.tool_calls).flatMap((call, index): Call[] => {
    if (!isRecord(call) || !isRecord(call.function)) return [];
    const { name, arguments: given } = call.function;
    const id = textOf(call.id) ?? `call_${context.id}_${before + index}`;
    const text = typeof given === "string" ? given : JSON.stringify(given ?? {});
    return [{ id, type: "function", function: { name: String(name), arguments: text } }];
  });
}

/** `load` and `unload` end an empty answer, to a request without messages. */
function finishReason(reason: unknown, called: boolean): ChatFinishReason {
  if (reason === "length") return "length";
  return called ? "tool_calls" : "stop";
}

function logprobsOf(body: Readonly<Record<string, unknown>>): Record<string, unknown> | null {
  return Array.isArray(body.logprobs) && body.logprobs.length > 0 ? { content: body.logprobs, refusal: null } : null;
}

/** A prompt that was in the cache as a whole may have no count. */
export function usageOf(body: Readonly<Record<string, unknown>>): Usage | undefined {
  const input = countOf(body.prompt_eval_count);
  const output = countOf(body.eval_count);
  if (input === undefined && output === undefined) return undefined;
  return { ...noUsage, input: input ?? 0, output: output ?? 0 };
}

function createdOf(body: Readonly<Record<string, unknown>>, context: DecodeContext): number {
  const at = Date.parse(textOf(body.created_at) ?? "");
  return Number.isNaN(at) ? context.created : Math.floor(at / 1000);
}

function parse(data: string): Record<string, unknown> | undefined {
  try {
    const body: unknown = JSON.parse(data);
    return isRecord(body) ? body : undefined;
  } catch {
    // One garbled line is left out; without a line that says `done` the stream counts as cut short.
    return undefined;
  }
}

import { GatewayError } from "@/server/errors";
import { CandidateReader, type Delta, type Said } from "@/server/providers/gemini/candidate";
import { blockedText } from "@/server/providers/gemini/stop";
import { type Candidate, GenerateContentResponse } from "@/server/providers/gemini/wire";
import type { DecodeContext } from "@/server/providers/provider";
import type { ChatCompletion, ChatToolCall } from "@/server/wire/chat";
import { usageOf } from "@/server/wire/gemini-usage";
import { chatUsage, type Usage } from "@/server/wire/usage";

type Choice = ChatCompletion["choices"][number];
type Message = Choice["message"];

/**
 * A whole answer of generateContent in the canonical form. Throws `upstream_garbled` when it is none, or when the model's
 * answer is no valid one.
 */
export function decode(
  body: unknown,
  context: DecodeContext,
): { completion: ChatCompletion; usage: Usage | undefined } {
  const parsed = GenerateContentResponse.safeParse(body);
  if (!parsed.success) {
    throw new GatewayError("upstream_garbled", "The upstream's answer is not generated content.", {
      cause: parsed.error,
    });
  }
  const { candidates, promptFeedback, modelVersion, responseId } = parsed.data;
  const blocked = promptFeedback?.blockReason;
  const choices = (candidates ?? []).map((candidate, position) => choiceOf(candidate, position, context));
  if (choices.length === 0 && blocked) {
    const refusal = blockedText(blocked, promptFeedback.blockReasonMessage);
    const message: Message = { role: "assistant", content: null, refusal };
    choices.push({ index: 0, message, logprobs: null, finish_reason: "content_filter" });
  }
  if (choices.length === 0) throw new GatewayError("upstream_garbled", "The upstream's answer holds no candidate.");
  const usage = usageOf(parsed.data.usageMetadata);
  const completion: ChatCompletion = {
    id: responseId || context.id,
    object: "chat.completion",
    created: context.created,
    model: modelVersion ?? "",
    choices,
    ...(usage && { usage: chatUsage(usage) }),
  };
  return { completion, usage };
}

function choiceOf(candidate: Candidate, position: number, context: DecodeContext): Choice {
  const index = candidate.index ?? position;
  const said = new CandidateReader(context, index).read({
    ...candidate,
    finishReason: candidate.finishReason || "STOP",
  });
  if (said.error) throw new GatewayError(said.error.kind, said.error.message);
  return {
    index,
    message: messageOf(said),
    logprobs: said.logprobs ?? null,
    finish_reason: said.finish ?? "stop",
  };
}

function messageOf({ deltas }: Said): Message {
  const joined = (field: "content" | "reasoning_content" | "refusal"): string =>
    deltas.map((delta) => delta[field] ?? "").join("");
  const [content, reasoning, refusal] = [joined("content"), joined("reasoning_content"), joined("refusal")];
  const toolCalls = toolCallsOf(deltas);
  const signed = deltas.flatMap((delta) => delta.thinking_blocks ?? []);
  const thinking = signed.length > 0 && reasoning ? [{ type: "thinking" as const, thinking: reasoning }] : [];
  const annotations = deltas.flatMap((delta) => delta.annotations ?? []);
  const images = deltas.flatMap((delta) => delta.images ?? []);
  const audio = deltas.flatMap((delta) => delta.audio ?? []);
  const [first] = audio;
  return {
    role: "assistant",
    content: content === "" && (toolCalls.length > 0 || refusal !== "") ? null : content,
    refusal: refusal || null,
    ...(reasoning && { reasoning_content: reasoning }),
    ...(signed.length > 0 && { thinking_blocks: [...thinking, ...signed] }),
    ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
    ...(annotations.length > 0 && { annotations }),
    ...(images.length > 0 && { images }),
    ...(first && { audio: { ...first, data: joinedBase64(audio.map(({ data }) => data)) } }),
  };
}

function toolCallsOf(deltas: readonly Delta[]): ChatToolCall[] {
  const calls: Extract<ChatToolCall, { type: "function" }>[] = [];
  for (const { index, id, function: called, extra_content } of deltas.flatMap((delta) => delta.tool_calls ?? [])) {
    const known = calls[index];
    if (known) known.function.arguments += called?.arguments ?? "";
    else {
      calls[index] = {
        id: id ?? "",
        type: "function",
        function: { name: called?.name ?? "", arguments: called?.arguments ?? "" },
        ...(extra_content && { extra_content }),
      };
    }
  }
  return calls;
}

function joinedBase64(pieces: readonly string[]): string {
  if (pieces.length === 1) return pieces[0] ?? "";
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece, "base64"))).toString("base64");
}

import type { AnswerContext, JsonObject } from "@/server/dialects/dialect";
import {
  type Called,
  callPart,
  groundingOf,
  mediaParts,
  signedText,
  wantsThoughts,
} from "@/server/dialects/gemini/answer-parts";
import type { ChatCompletion, ChatToolCall } from "@/server/wire/chat";
import { geminiFinish } from "@/server/wire/gemini-stop";
import { usageMetadata } from "@/server/wire/gemini-usage";
import { isRecord, listOf } from "@/server/wire/json";
import type { Usage } from "@/server/wire/usage";

type Choice = ChatCompletion["choices"][number];

/** A whole canonical answer as generateContent gives it. */
export function encodeAnswer(
  completion: ChatCompletion,
  about: { usage: Usage | undefined; body: JsonObject; context: AnswerContext },
): JsonObject {
  const thoughts = wantsThoughts(about.body);
  return {
    candidates: completion.choices.map((choice) => candidateOf(choice, thoughts)),
    ...(about.usage && { usageMetadata: usageMetadata(about.usage) }),
    modelVersion: completion.model || about.context.model,
    responseId: completion.id || about.context.id,
  };
}

function candidateOf(choice: Choice, thoughts: boolean): JsonObject {
  const { message, finish_reason, index } = choice;
  const text = message.content ?? message.refusal ?? "";
  const grounding = groundingOf(message.annotations ?? [], text);
  const logprobs = logprobsResult(choice.logprobs);
  return {
    content: { parts: partsOf(message, text, thoughts), role: "model" },
    finishReason: geminiFinish(finish_reason),
    ...(message.refusal && { finishMessage: message.refusal }),
    index,
    ...(grounding && { groundingMetadata: grounding }),
    ...(logprobs && { logprobsResult: logprobs }),
  };
}

/** The thoughts that a vendor wants back ride on the first part that is not a thought: those come back from every client. */
function partsOf(message: Choice["message"], text: string, thoughts: boolean): JsonObject[] {
  const { reasoning_content: reasoning, thinking_blocks: thinking = [], tool_calls = [] } = message;
  const parts: JsonObject[] = thoughts && reasoning ? [{ text: reasoning, thought: true }] : [];
  const hasCalls = tool_calls.length > 0;
  // Google's own signature of a text is the text's; another vendor's thinking leads to the calls where there are any.
  if (text !== "" || (!hasCalls && thinking.length > 0)) parts.push(signedText(text, hasCalls ? [] : thinking));
  parts.push(...mediaParts(message.images ?? [], message.audio));
  parts.push(...tool_calls.map((call, index) => callPart(calledOf(call), index === 0 ? thinking : [])));
  return parts.length > 0 ? parts : [{ text: "" }];
}

function calledOf(call: ChatToolCall): Called {
  const { id, extra_content } = call;
  if (call.type === "function") return { id, ...call.function, extra_content };
  return { id, name: call.custom.name, arguments: JSON.stringify({ input: call.custom.input }), extra_content };
}

/** OpenAI's log probabilities as Google's. */
export function logprobsResult(logprobs: unknown): JsonObject | undefined {
  const steps = listOf(isRecord(logprobs) ? logprobs.content : undefined).filter(isRecord);
  if (steps.length === 0) return undefined;
  const entry = ({ token, logprob }: JsonObject): JsonObject => ({ token, logProbability: logprob });
  return {
    chosenCandidates: steps.map(entry),
    topCandidates: steps.map((step) => ({ candidates: listOf(step.top_logprobs).filter(isRecord).map(entry) })),
  };
}

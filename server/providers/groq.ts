import { oneAnswer, type Rule } from "@/server/providers/chat-changes";
import { nameless } from "@/server/providers/chat-messages";
import { classifyOpenAi, openAiLike, openAiModels } from "@/server/providers/openai-like";
import type { Classified } from "@/server/providers/provider";

/** Qwen takes `none` and `default`, gpt-oss how much, and the others refuse the field. Source: console.groq.com/docs/reasoning. */
const effort: Rule = (draft) => {
  const asked = draft.get("reasoning_effort");
  if (asked === undefined || /gpt-oss/.test(draft.target.model)) return;
  if (!/qwen/i.test(draft.target.model)) draft.drop("reasoning_effort");
  else if (asked !== "none" && asked !== "default") draft.set("reasoning_effort", "default");
};

/** Status 498 is Groq's own: the flexible tier has no room now. */
function classify(status: number, body: unknown): Classified {
  return classifyOpenAi(status === 498 ? 503 : status, body);
}

/**
 * Groq. Its Responses endpoint keeps no state, so that callers of that dialect are better served through chat.
 * Source: console.groq.com/docs/openai, "Currently Unsupported OpenAI Features".
 */
export const groq = openAiLike({
  id: "groq",
  label: "Groq",
  about: "Open models, served fast.",
  baseUrl: "https://api.groq.com/openai/v1",
  chat: {
    knows: ["service_tier"],
    lacks: ["logprobs", "top_logprobs", "logit_bias"],
    developer: true,
    reasoning: ["reasoning"],
    messages: [nameless],
    rules: [oneAnswer, effort],
  },
  listModels: openAiModels,
  classify,
  priceLibraryId: "groq",
});

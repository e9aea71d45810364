import { forModels, lacks, oneAnswer } from "@/server/providers/chat-changes";
import { nameless } from "@/server/providers/chat-messages";
import { at, openAiLike, openAiModels } from "@/server/providers/openai-like";

/** Cerebras. Source: inference-docs.cerebras.ai, "OpenAI Compatibility", "Reasoning". */
export const cerebras = openAiLike({
  id: "cerebras",
  label: "Cerebras",
  about: "Open models, served fast on wafer-scale chips.",
  baseUrl: "https://api.cerebras.ai/v1",
  chat: {
    knows: ["service_tier", "prediction"],
    lacks: ["frequency_penalty", "presence_penalty", "logit_bias"],
    renames: { max_tokens: "max_completion_tokens" },
    reasoning: ["reasoning"],
    messages: [nameless],
    rules: [oneAnswer, forModels(/^(?!gpt-oss|zai-glm)/, lacks("reasoning_effort"))],
  },
  native: { completions: at("/completions") },
  listModels: openAiModels,
  priceLibraryId: "cerebras",
});

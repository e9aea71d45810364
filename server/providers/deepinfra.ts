import { messagesAt } from "@/server/providers/anthropic-compatible";
import { at, beside, openAiLike, openAiModels } from "@/server/providers/openai-like";
import { openAiEmbeddings, textsOnly } from "@/server/providers/openai-operations";

/** DeepInfra. Source: docs.deepinfra.com, "OpenAI API", "Anthropic Messages API". */
export const deepinfra = openAiLike({
  id: "deepinfra",
  label: "DeepInfra",
  about: "Open models for chat and embeddings.",
  baseUrl: "https://api.deepinfra.com/v1/openai",
  chat: { knows: ["service_tier", "prompt_cache_key"], reasoning: ["reasoning_content"] },
  native: {
    completions: at("/completions"),
    messages: messagesAt((target) => beside(target, "/v1/openai", "/anthropic/v1/messages")),
  },
  embeddings: openAiEmbeddings({ rules: [textsOnly] }),
  listModels: openAiModels,
});

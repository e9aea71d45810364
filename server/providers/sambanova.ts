import { oneAnswer } from "@/server/providers/chat-changes";
import { openAiLike, openAiModels } from "@/server/providers/openai-like";
import { openAiEmbeddings, textsOnly } from "@/server/providers/openai-operations";

/** SambaNova Cloud. Source: docs.sambanova.ai, "OpenAI compatibility", whose list of parameters without effect this follows. */
export const sambanova = openAiLike({
  id: "sambanova",
  label: "SambaNova",
  about: "Open models, served fast on SambaNova's own chips.",
  baseUrl: "https://api.sambanova.ai/v1",
  chat: {
    lacks: ["logprobs", "top_logprobs", "presence_penalty", "frequency_penalty", "logit_bias", "seed"],
    rules: [oneAnswer],
  },
  embeddings: openAiEmbeddings({ rules: [textsOnly] }),
  listModels: openAiModels,
});

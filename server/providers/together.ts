import { at, openAiLike, openAiModels } from "@/server/providers/openai-like";
import { openAiEmbeddings, rerankLike, textsOnly } from "@/server/providers/openai-operations";

/** Together. Source: docs.together.ai, API reference. */
export const together = openAiLike({
  id: "together",
  label: "Together AI",
  about: "Open models for chat, embeddings and reranking.",
  baseUrl: "https://api.together.xyz/v1",
  chat: {
    lacks: ["parallel_tool_calls", "user"],
    renames: { max_completion_tokens: "max_tokens" },
    reasoning: ["reasoning"],
  },
  native: { completions: at("/completions") },
  embeddings: openAiEmbeddings({ rules: [textsOnly] }),
  rerank: rerankLike({ objects: true }),
  listModels: openAiModels,
  priceLibraryId: "together",
});

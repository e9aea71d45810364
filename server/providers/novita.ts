import { at, openAiLike, openAiModels } from "@/server/providers/openai-like";
import { openAiEmbeddings, rerankLike, textsOnly } from "@/server/providers/openai-operations";

/** Novita. Some of its models speak Anthropic's dialect too; which ones changes. Source: novita.ai/docs, LLM API reference. */
export const novita = openAiLike({
  id: "novita",
  label: "Novita AI",
  about: "Open models for chat, embeddings and reranking.",
  baseUrl: "https://api.novita.ai/openai/v1",
  chat: {
    lacks: ["parallel_tool_calls", "user"],
    renames: { max_completion_tokens: "max_tokens" },
    reasoning: ["reasoning_content"],
  },
  native: { completions: at("/completions") },
  embeddings: openAiEmbeddings({ rules: [textsOnly] }),
  rerank: rerankLike(),
  listModels: openAiModels,
  priceLibraryId: "novita",
});

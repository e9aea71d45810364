import { messagesAt } from "@/server/providers/anthropic-compatible";
import { at, openAiLike, openAiModels } from "@/server/providers/openai-like";
import { openAiEmbeddings, rerankLike } from "@/server/providers/openai-operations";

/**
 * Fireworks. Its Responses endpoint stores nothing unless told to, so that callers of that dialect are served through chat.
 * Source: docs.fireworks.ai, API reference, "Anthropic compatibility", "Embeddings & Reranking".
 */
export const fireworks = openAiLike({
  id: "fireworks",
  label: "Fireworks AI",
  about: "Open models for chat, embeddings and reranking.",
  baseUrl: "https://api.fireworks.ai/inference/v1",
  chat: {
    knows: ["prediction", "prompt_cache_key"],
    renames: { prompt_cache_key: "prompt_cache_isolation_key" },
    reasoning: ["reasoning_content"],
  },
  native: { completions: at("/completions"), messages: messagesAt(({ baseUrl }) => `${baseUrl}/messages`) },
  embeddings: openAiEmbeddings(),
  rerank: rerankLike(),
  listModels: openAiModels,
  priceLibraryId: "fireworks",
});

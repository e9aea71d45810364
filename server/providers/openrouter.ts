import { messagesAt } from "@/server/providers/anthropic-compatible";
import { at, openAiLike, openAiModels } from "@/server/providers/openai-like";
import { openAiEmbeddings, rerankLike } from "@/server/providers/openai-operations";

/**
 * OpenRouter, which itself leads to many vendors: what a model lacks it leaves out or says. Its Responses endpoint keeps no
 * state, so that callers of that dialect are served through chat. Source: openrouter.ai/docs, API reference, "Prompt caching",
 * "Reasoning tokens", "Anthropic Agent SDK".
 */
export const openrouter = openAiLike({
  id: "openrouter",
  label: "OpenRouter",
  about: "Hundreds of models of many vendors behind one account.",
  baseUrl: "https://openrouter.ai/api/v1",
  chat: { knows: "all", developer: true, reasoning: ["reasoning"], reasoningDetails: true, keeps: ["cache_control"] },
  native: { completions: at("/completions"), messages: messagesAt(({ baseUrl }) => `${baseUrl}/messages`) },
  embeddings: openAiEmbeddings(),
  rerank: rerankLike(),
  listModels: openAiModels,
  priceLibraryId: "openrouter",
});

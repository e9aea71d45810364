import { messagesAt } from "@/server/providers/anthropic-compatible";
import { classified, readError } from "@/server/providers/classify";
import { at, classifyOpenAi, openAiLike, openAiModels } from "@/server/providers/openai-like";
import { openAiEmbeddings, rerankLike } from "@/server/providers/openai-operations";
import type { Classified } from "@/server/providers/provider";
import { isRecord } from "@/server/wire/json";

/** Status 403 is also what moderation refused, with its reasons. */
function classify(status: number, body: unknown): Classified {
  const error = isRecord(body) && isRecord(body.error) ? body.error : {};
  if (status === 403 && isRecord(error.metadata) && Array.isArray(error.metadata.reasons))
    return classified("upstream_rejected", { ...readError(body), code: "content_filter" });
  return classifyOpenAi(status, body);
}

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
  classify,
  priceLibraryId: "openrouter",
});

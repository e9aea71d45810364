import { openAiLike, openAiModels } from "@/server/providers/openai-like";
import { openAiEmbeddings, rerankLike, textsOnly } from "@/server/providers/openai-operations";

/** SiliconFlow outside of China; the address inside is https://api.siliconflow.cn/v1. Source: docs.siliconflow.com, API reference. */
export const siliconflow = openAiLike({
  id: "siliconflow",
  label: "SiliconFlow",
  about: "Open models for chat, embeddings and reranking.",
  baseUrl: "https://api.siliconflow.com/v1",
  chat: {
    lacks: ["logit_bias", "logprobs", "top_logprobs", "parallel_tool_calls", "user"],
    renames: { max_completion_tokens: "max_tokens" },
    reasoning: ["reasoning_content"],
  },
  embeddings: openAiEmbeddings({ rules: [textsOnly] }),
  rerank: rerankLike(),
  listModels: openAiModels,
});

import { messagesAt } from "@/server/providers/anthropic-compatible";
import { type Rule, toolChoices } from "@/server/providers/chat-changes";
import { beside, openAiLike, openAiModels } from "@/server/providers/openai-like";
import { openAiEmbeddings, rerankLike, textsOnly } from "@/server/providers/openai-operations";

/** Qwen's hybrid models think when told so by a switch of their own. */
const enableThinking: Rule = (draft) => {
  const effort = draft.get("reasoning_effort");
  if (effort === undefined || draft.get("enable_thinking") !== undefined) return;
  draft.set("enable_thinking", effort !== "none");
  if (effort === "none") draft.remove("reasoning_effort");
};

/**
 * Alibaba Cloud Model Studio, outside of China; the address inside is https://dashscope.aliyuncs.com/compatible-mode/v1. Its
 * Responses endpoint passes over instructions, so that callers of that dialect are served through chat.
 * Source: alibabacloud.com/help/en/model-studio, "OpenAI compatible", "Anthropic compatible", "Rerank".
 */
export const dashscope = openAiLike({
  id: "dashscope",
  label: "Alibaba Cloud Model Studio",
  about: "Qwen models from Alibaba Cloud (DashScope).",
  baseUrl: "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
  chat: {
    lacks: ["logit_bias", "frequency_penalty"],
    renames: { max_completion_tokens: "max_tokens" },
    reasoning: ["reasoning_content"],
    keeps: ["cache_control"],
    rules: [enableThinking, toolChoices("auto", "none", "object")],
  },
  native: { messages: messagesAt((target) => beside(target, "/compatible-mode/v1", "/apps/anthropic/v1/messages")) },
  embeddings: openAiEmbeddings({ rules: [textsOnly] }),
  rerank: rerankLike({ url: (target) => beside(target, "/compatible-mode/v1", "/compatible-api/v1/reranks") }),
  listModels: openAiModels,
});

import { oneAnswer } from "@/server/providers/chat-changes";
import { openAiLike } from "@/server/providers/openai-like";

/**
 * Perplexity's Sonar, which searches the web for every answer. It calls no functions, and has no list of its models.
 * Source: docs.perplexity.ai, "Create Chat Completion", "OpenAI Compatibility".
 */
export const perplexity = openAiLike({
  id: "perplexity",
  label: "Perplexity",
  about: "Sonar models, which search the web and cite what they found.",
  baseUrl: "https://api.perplexity.ai",
  chat: {
    knows: ["web_search_options"],
    lacks: ["tools", "tool_choice", "parallel_tool_calls", "logprobs", "top_logprobs", "logit_bias", "seed", "user"],
    renames: { max_completion_tokens: "max_tokens" },
    rules: [oneAnswer],
    streamUsage: false,
  },
  priceLibraryId: "perplexity",
});

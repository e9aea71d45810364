import { messagesAt } from "@/server/providers/anthropic-compatible";
import { oneAnswer, thinkingSwitch } from "@/server/providers/chat-changes";
import { schemaAsInstruction } from "@/server/providers/chat-messages";
import { beside, openAiLike, openAiModels } from "@/server/providers/openai-like";

/** DeepSeek's own API. Source: api-docs.deepseek.com, "Create Chat Completion", "Thinking Mode", "Anthropic API". */
export const deepseek = openAiLike({
  id: "deepseek",
  label: "DeepSeek",
  about: "DeepSeek's models from their maker.",
  baseUrl: "https://api.deepseek.com/v1",
  chat: {
    lacks: ["logit_bias", "seed", "parallel_tool_calls"],
    renames: { max_completion_tokens: "max_tokens" },
    // In a tool loop the model's reasoning must come back, or the call is refused.
    reasoning: ["reasoning_content"],
    rules: [oneAnswer, thinkingSwitch("enabled", true), schemaAsInstruction],
  },
  native: { messages: messagesAt((target) => beside(target, "/v1", "/anthropic/v1/messages")) },
  listModels: openAiModels,
  priceLibraryId: "deepseek",
});

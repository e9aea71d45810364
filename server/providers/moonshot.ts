import { messagesAt } from "@/server/providers/anthropic-compatible";
import { forModels, lacks, thinkingSwitch } from "@/server/providers/chat-changes";
import { continued } from "@/server/providers/chat-messages";
import { beside, openAiLike, openAiModels } from "@/server/providers/openai-like";

/** Models of the K2.5 generation and later draw tokens one way alone: other values are refused. */
const FIXED = /^kimi-k(2\.[5-9]|[3-9])/;

/** Moonshot AI. Source: platform.moonshot.ai docs, "Chat", "Kimi K2.5", "Partial Mode", "Use Kimi in Claude Code". */
export const moonshot = openAiLike({
  id: "moonshot",
  label: "Moonshot AI",
  about: "Kimi models from Moonshot AI.",
  baseUrl: "https://api.moonshot.ai/v1",
  chat: {
    knows: ["prompt_cache_key", "safety_identifier"],
    lacks: ["logit_bias", "seed", "parallel_tool_calls", "logprobs", "top_logprobs"],
    within: { temperature: [0, 1] },
    reasoning: ["reasoning_content"],
    rules: [
      forModels(FIXED, lacks("temperature", "top_p", "presence_penalty", "frequency_penalty", "n")),
      thinkingSwitch("enabled"),
      continued("partial"),
    ],
  },
  native: { messages: messagesAt((target) => beside(target, "/v1", "/anthropic/v1/messages")) },
  listModels: openAiModels,
  priceLibraryId: "moonshotai",
});

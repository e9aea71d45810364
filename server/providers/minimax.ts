import { messagesAt } from "@/server/providers/anthropic-compatible";
import { oneAnswer, thinkingSwitch } from "@/server/providers/chat-changes";
import { classified, unpaid } from "@/server/providers/classify";
import { beside, classifyOpenAi, openAiLike, openAiModels } from "@/server/providers/openai-like";
import type { Classified } from "@/server/providers/provider";
import { isRecord, textOf } from "@/server/wire/json";

/** The least temperature above zero, which MiniMax refuses. */
const LEAST = 0.01;

/** MiniMax tells its own codes in `base_resp`: 1004 is a wrong key, 1008 an empty account, 1002 too many requests. */
function classify(status: number, body: unknown): Classified {
  const own = isRecord(body) && isRecord(body.base_resp) ? body.base_resp : undefined;
  const message = textOf(own?.status_msg);
  if (own?.status_code === 1008) return unpaid();
  if (own?.status_code === 1004) return classified("upstream_denied", {});
  if (own?.status_code === 1002) return classified("upstream_rate_limited", { message });
  return classifyOpenAi(status, body);
}

/**
 * MiniMax. Unless a caller sets `reasoning_split`, most models reason between tags in the text; through Anthropic's dialect they
 * do so apart. Source: platform.minimax.io, "OpenAI API Compatible", "Anthropic API Compatible", "Error codes".
 */
export const minimax = openAiLike({
  id: "minimax",
  label: "MiniMax",
  about: "MiniMax's models from their maker.",
  baseUrl: "https://api.minimax.io/v1",
  chat: {
    lacks: ["presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs", "seed"],
    renames: { max_tokens: "max_completion_tokens" },
    within: { temperature: [LEAST, 1] },
    reasoning: ["reasoning_content"],
    reasoningDetails: true,
    rules: [oneAnswer, thinkingSwitch("adaptive")],
  },
  native: { messages: messagesAt((target) => beside(target, "/v1", "/anthropic/v1/messages")) },
  listModels: openAiModels,
  classify,
  priceLibraryId: "minimax",
});

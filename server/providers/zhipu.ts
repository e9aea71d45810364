import { messagesAt } from "@/server/providers/anthropic-compatible";
import { oneAnswer, type Rule, thinkingSwitch, toolChoices } from "@/server/providers/chat-changes";
import { schemaAsInstruction } from "@/server/providers/chat-messages";
import { classified, readError, unpaid } from "@/server/providers/classify";
import { beside, classifyOpenAi, openAiLike, openAiModels } from "@/server/providers/openai-like";
import { openAiEmbeddings, rerankLike, textsOnly } from "@/server/providers/openai-operations";
import type { Classified } from "@/server/providers/provider";
import { textOf } from "@/server/wire/json";

/** A list of one stop sequence is all that it takes. */
const oneStop: Rule = (draft) => {
  const stop = draft.get("stop");
  if (stop === undefined) return;
  const list = Array.isArray(stop) ? stop : [stop];
  draft.set("stop", list.slice(0, 1));
  if (list.length > 1) draft.lost("stop");
};

/** The caller's name, which must have from 6 to 128 characters. */
const userId: Rule = (draft) => {
  const user = textOf(draft.get("user"));
  if (user !== undefined && user.length >= 6 && user.length <= 128) draft.set("user_id", user);
  else if (user !== undefined) draft.lost("user");
  draft.remove("user");
};

/** Codes of its own: 1113 is an empty account (with status 429), 1261 a prompt too long, 1301 content that its filter refused. */
function classify(status: number, body: unknown): Classified {
  const error = readError(body);
  if (error.code === "1113") return unpaid();
  if (error.code === "1261") return classified("upstream_rejected", { ...error, code: "context_length_exceeded" });
  if (error.code === "1301") return classified("upstream_rejected", { ...error, code: "content_filter" });
  return classifyOpenAi(status, body);
}

/**
 * Z.ai outside of China; the address inside is https://open.bigmodel.cn/api/paas/v4.
 * Source: docs.z.ai, API reference, "Error codes", "Claude Code".
 */
export const zhipu = openAiLike({
  id: "zhipu",
  label: "Z.ai (Zhipu)",
  about: "GLM models from Z.ai.",
  baseUrl: "https://api.z.ai/api/paas/v4",
  chat: {
    lacks: [
      "logit_bias",
      "logprobs",
      "top_logprobs",
      "seed",
      "presence_penalty",
      "frequency_penalty",
      "parallel_tool_calls",
    ],
    renames: { max_completion_tokens: "max_tokens" },
    within: { temperature: [0, 1], top_p: [0.01, 1] },
    reasoning: ["reasoning_content"],
    rules: [oneAnswer, oneStop, userId, toolChoices("auto"), thinkingSwitch("enabled"), schemaAsInstruction],
    streamUsage: false,
  },
  native: { messages: messagesAt((target) => beside(target, "/paas/v4", "/anthropic/v1/messages")) },
  embeddings: openAiEmbeddings({ rules: [textsOnly] }),
  rerank: rerankLike(),
  listModels: openAiModels,
  classify,
  priceLibraryId: "zai",
});

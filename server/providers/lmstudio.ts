import { at, openAiLike, openAiModels } from "@/server/providers/openai-like";
import { openAiEmbeddings, textsOnly } from "@/server/providers/openai-operations";

/** LM Studio on a machine of one's own. Source: lmstudio.ai/docs, "OpenAI Compatibility Endpoints". */
export const lmstudio = openAiLike({
  id: "lmstudio",
  label: "LM Studio",
  about: "LM Studio on a machine in your network, as http://host:1234/v1.",
  baseUrl: null,
  keyOptional: true,
  chat: {
    lacks: ["n", "logprobs", "top_logprobs", "parallel_tool_calls", "user"],
    renames: { max_completion_tokens: "max_tokens" },
    reasoning: ["reasoning_content"],
  },
  native: { completions: at("/completions") },
  embeddings: openAiEmbeddings({ rules: [textsOnly] }),
  listModels: openAiModels,
});

import type { Rule } from "@/server/providers/chat-changes";
import { at, openAiLike, openAiModels } from "@/server/providers/openai-like";
import { openAiEmbeddings, textsOnly } from "@/server/providers/openai-operations";
import { textOf } from "@/server/wire/json";

/** Its retrieval models must be told whether a text is searched for or in; the option `inputType` says what calls leave open. */
const inputType: Rule = (draft) => {
  if (draft.get("input_type") === undefined)
    draft.set("input_type", textOf(draft.target.options.inputType) ?? "passage");
};

/** NVIDIA's hosted NIM. Its rerankers have an address for every model. Source: docs.api.nvidia.com, "LLM APIs", "Retrieval APIs". */
export const nvidia = openAiLike({
  id: "nvidia",
  label: "NVIDIA",
  about: "Open models as NVIDIA NIM. Option inputType: query or passage, for embeddings that do not say.",
  baseUrl: "https://integrate.api.nvidia.com/v1",
  chat: {
    lacks: ["logit_bias", "user", "parallel_tool_calls"],
    renames: { max_completion_tokens: "max_tokens" },
    reasoning: ["reasoning_content"],
  },
  native: { completions: at("/completions") },
  embeddings: openAiEmbeddings({ rules: [textsOnly, inputType] }),
  listModels: openAiModels,
});

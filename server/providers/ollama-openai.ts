import { at, openAiLike, openAiModels } from "@/server/providers/openai-like";
import { openAiEmbeddings, textsOnly } from "@/server/providers/openai-operations";

/** Ollama through its OpenAI endpoints, where bytes pass untouched but its own options cannot be set. Source: docs.ollama.com, "OpenAI compatibility". */
export const ollamaOpenAi = openAiLike({
  id: "ollama-openai",
  label: "Ollama (OpenAI API)",
  about: "Ollama on a machine in your network by its OpenAI endpoints, as http://host:11434/v1.",
  baseUrl: null,
  keyOptional: true,
  chat: {
    lacks: ["n", "logit_bias", "tool_choice", "parallel_tool_calls", "user"],
    renames: { max_completion_tokens: "max_tokens" },
    reasoning: ["reasoning"],
  },
  native: { completions: at("/completions") },
  embeddings: openAiEmbeddings({ rules: [textsOnly] }),
  listModels: openAiModels,
});

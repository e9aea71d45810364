import { at, openAiLike, openAiModels } from "@/server/providers/openai-like";
import { openAiEmbeddings, rerankLike } from "@/server/providers/openai-operations";

/** `llama-server` of llama.cpp on a machine of one's own. Source: github.com/ggml-org/llama.cpp, tools/server/README.md. */
export const llamacpp = openAiLike({
  id: "llamacpp",
  label: "llama.cpp",
  about: "llama-server on a machine in your network, as http://host:8080/v1.",
  baseUrl: null,
  keyOptional: true,
  chat: { lacks: ["user"], developer: true, reasoning: ["reasoning_content"] },
  native: { completions: at("/completions") },
  embeddings: openAiEmbeddings(),
  rerank: rerankLike(),
  listModels: openAiModels,
});

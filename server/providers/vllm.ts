import { at, openAiLike, openAiModels } from "@/server/providers/openai-like";
import { openAiEmbeddings, rerankLike } from "@/server/providers/openai-operations";

/**
 * A server of one's own that runs vLLM. Its Responses endpoint keeps state only where it is told to, and its endpoint for
 * Anthropic's dialect is newer than many servers: both are served through chat. Earlier reasoning is `reasoning`, and was
 * `reasoning_content` before version 0.12. Source: docs.vllm.ai, "OpenAI-Compatible Server", "Reasoning Outputs".
 */
export const vllm = openAiLike({
  id: "vllm",
  label: "vLLM",
  about: "A server in your network that runs vLLM, as http://host:8000/v1.",
  baseUrl: null,
  keyOptional: true,
  chat: {
    knows: ["metadata"],
    developer: true,
    reasoning: ["reasoning", "reasoning_content"],
  },
  native: { completions: at("/completions") },
  embeddings: openAiEmbeddings(),
  rerank: rerankLike(),
  listModels: openAiModels,
});

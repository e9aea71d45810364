import { at, bearer, classifyOpenAi, openAiChat, openAiModels } from "@/server/providers/openai-like";
import { openAiEmbeddings, openAiModerations, rerankLike } from "@/server/providers/openai-operations";
import type { ProviderType } from "@/server/providers/provider";

/** Any server that speaks OpenAI's API: the admin gives its address. Nothing of a request is changed, as nothing is known of the server. */
export const openaiCompatible: ProviderType = {
  id: "openai-compatible",
  label: "OpenAI-compatible",
  about: "Any other server that speaks OpenAI's API, at an address that you give.",
  baseUrl: null,
  auth: bearer,
  keyOptional: true,
  chat: openAiChat,
  native: { completions: at("/completions") },
  embeddings: openAiEmbeddings(),
  rerank: rerankLike({ objects: true }),
  moderations: openAiModerations(),
  listModels: openAiModels,
  classify: classifyOpenAi,
};

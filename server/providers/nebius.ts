import { at, openAiLike, openAiModels } from "@/server/providers/openai-like";
import { openAiEmbeddings } from "@/server/providers/openai-operations";

/** Nebius Token Factory. Source: docs.tokenfactory.nebius.com, API reference. */
export const nebius = openAiLike({
  id: "nebius",
  label: "Nebius Token Factory",
  about: "Open models for chat and embeddings, hosted in Europe and the USA.",
  baseUrl: "https://api.tokenfactory.nebius.com/v1",
  chat: { knows: ["store", "service_tier"], reasoning: ["reasoning_content"] },
  native: { completions: at("/completions") },
  embeddings: openAiEmbeddings(),
  listModels: openAiModels,
});

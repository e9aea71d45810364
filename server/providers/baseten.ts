import { openAiLike, openAiModels } from "@/server/providers/openai-like";

/** Baseten's Model APIs. Source: docs.baseten.co, "Model APIs". */
export const baseten = openAiLike({
  id: "baseten",
  label: "Baseten",
  about: "Open models as Baseten's Model APIs.",
  baseUrl: "https://inference.baseten.co/v1",
  chat: { renames: { max_completion_tokens: "max_tokens" }, reasoning: ["reasoning_content"] },
  listModels: openAiModels,
  priceLibraryId: "baseten",
});

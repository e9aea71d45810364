import { classifyOpenAi, openAiChat, openAiModels } from "@/server/providers/openai-compatible";
import type { ProviderType } from "@/server/providers/provider";

/** OpenAI's own API. Source: platform.openai.com, API reference. */
export const openai: ProviderType = {
  id: "openai",
  label: "OpenAI",
  about: "GPT and o-series models from OpenAI.",
  baseUrl: "https://api.openai.com/v1",
  auth: { scheme: "header", name: "authorization", prefix: "Bearer " },
  keyOptional: false,
  chat: openAiChat,
  listModels: openAiModels,
  classify: classifyOpenAi,
  priceLibraryId: "openai",
};

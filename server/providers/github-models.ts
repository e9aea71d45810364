import { forModels, lacks, renames } from "@/server/providers/chat-changes";
import { beside, modelsAt, openAiLike } from "@/server/providers/openai-like";
import { openAiEmbeddings } from "@/server/providers/openai-operations";

/** GitHub Models; the key is a token with the permission `models: read`. Source: docs.github.com, REST API, "Models". */
export const githubModels = openAiLike({
  id: "github-models",
  label: "GitHub Models",
  about: "Models of several vendors for a GitHub account or organization.",
  baseUrl: "https://models.github.ai/inference",
  chat: {
    knows: ["modalities", "audio"],
    developer: true,
    rules: [
      forModels(/^openai\/(o\d|gpt-[5-9])/, renames("max_tokens", "max_completion_tokens")),
      forModels(/^(?!openai\/(o\d|gpt-[5-9]))/, lacks("reasoning_effort")),
    ],
  },
  embeddings: openAiEmbeddings(),
  // The catalog is one for all, also where calls are made for an organization (`/orgs/{org}/inference`).
  listModels: modelsAt((target) => `${beside(target, "/inference", "").replace(/\/orgs\/[^/]+$/, "")}/catalog/models`),
});

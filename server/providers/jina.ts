import { lacks, type Rule, renames } from "@/server/providers/chat-changes";
import { bearer, classifyOpenAi } from "@/server/providers/openai-like";
import { openAiEmbeddings, rerankLike, textsOnly } from "@/server/providers/openai-operations";
import type { ProviderType } from "@/server/providers/provider";
import { textOf } from "@/server/wire/json";

/** The option `task` (as `retrieval.query`) says what calls leave open. */
const task: Rule = (draft) => {
  const option = textOf(draft.target.options.task);
  if (option !== undefined && draft.get("task") === undefined) draft.set("task", option);
};

/** Jina AI, which embeds and reranks, and has no list of its models. Source: api.jina.ai, "Embeddings", "Reranker". */
export const jina: ProviderType = {
  id: "jina",
  label: "Jina AI",
  about: "Embeddings and reranking. Option task: as retrieval.passage, for calls that do not say.",
  baseUrl: "https://api.jina.ai/v1",
  auth: bearer,
  keyOptional: false,
  embeddings: openAiEmbeddings({
    rules: [textsOnly, renames("encoding_format", "embedding_type"), task, lacks("user")],
  }),
  rerank: rerankLike({ objects: true }),
  classify: classifyOpenAi,
};

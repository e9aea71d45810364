import { lacks, type Rule, renames } from "@/server/providers/chat-changes";
import { bearer, classifyOpenAi } from "@/server/providers/openai-like";
import { openAiEmbeddings, rerankLike, textsOnly } from "@/server/providers/openai-operations";
import type { ProviderType } from "@/server/providers/provider";
import { textOf } from "@/server/wire/json";

/** Vectors are numbers unless base64 is asked for; `float` is refused. */
const ownFormat: Rule = (draft) => {
  if (draft.get("encoding_format") === "float") draft.remove("encoding_format");
};

/** The option `inputType` (`query` or `document`) says what calls leave open. */
const inputType: Rule = (draft) => {
  const option = textOf(draft.target.options.inputType);
  if (option !== undefined && draft.get("input_type") === undefined) draft.set("input_type", option);
};

/** Voyage AI, which embeds and reranks, and has no list of its models. Source: docs.voyageai.com, API reference. */
export const voyage: ProviderType = {
  id: "voyage",
  label: "Voyage AI",
  about: "Embeddings and reranking. Option inputType: query or document, for calls that do not say.",
  baseUrl: "https://api.voyageai.com/v1",
  auth: bearer,
  keyOptional: false,
  embeddings: openAiEmbeddings({
    rules: [textsOnly, renames("dimensions", "output_dimension"), ownFormat, inputType, lacks("user")],
  }),
  rerank: rerankLike({ rules: [renames("top_n", "top_k")] }),
  classify: classifyOpenAi,
  priceLibraryId: "voyageai",
};

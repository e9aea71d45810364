import { z } from "zod";

/** Rerank in the shape that Cohere and Jina share. Source: Cohere API reference, v2 "Rerank"; Jina API, "Reranker". */
export const RerankRequest = z.looseObject({
  model: z.string().min(1),
  query: z.string().min(1),
  documents: z.array(z.union([z.string(), z.looseObject({ text: z.string() })])).min(1),
  top_n: z.int().min(1).nullish(),
  return_documents: z.boolean().nullish(),
});
export type RerankRequest = z.infer<typeof RerankRequest>;

/** Results as the vendor ordered them; `index` is that of the request's document. */
export type RerankAnswer = {
  readonly id?: string | undefined;
  readonly results: readonly { readonly index: number; readonly relevance_score: number }[];
};

import { GatewayError } from "@/server/errors";
import { tokensOfBytes } from "@/server/gateway/estimate";
import { type Answered, jsonEndpoint } from "@/server/gateway/json-call";
import { type RerankAnswer, RerankRequest } from "@/server/wire/rerank";
import { inputTokens, noUsage, type Usage } from "@/server/wire/usage";

/** `POST /v1/rerank` in the shape that Cohere and Jina share; documents come back only when they are asked for. */
export const rerank = jsonEndpoint({
  operation: "rerank",
  schema: RerankRequest,
  does: "reranking",
  of: (type) => type.rerank,
  estimate,
  view,
});

function view({ id, results }: RerankAnswer, { request, usage, call }: Answered<RerankRequest>): object {
  const { documents, return_documents, top_n } = request;
  const shown = top_n && results.length > top_n ? best(results, top_n) : results;
  return {
    id: id ?? call.id,
    object: "list",
    model: request.model,
    results: shown.map(({ index, relevance_score }) => {
      const document = documents[index];
      if (document === undefined)
        throw new GatewayError("upstream_garbled", "The provider ranked a document that it was not given.");
      if (!return_documents) return { index, relevance_score };
      return { index, relevance_score, document: typeof document === "string" ? { text: document } : document };
    }),
    ...(usage && billed(usage)),
  };
}

/** Some vendors bill searches, others tokens. */
function billed(usage: Usage): object {
  const { searchUnits } = usage;
  if (searchUnits !== undefined) return { meta: { billed_units: { search_units: searchUnits } } };
  const tokens = inputTokens(usage);
  return {
    meta: { billed_units: { input_tokens: tokens } },
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

/** Not every vendor heeds `top_n`. */
function best(results: RerankAnswer["results"], count: number): RerankAnswer["results"] {
  return results.toSorted((left, right) => right.relevance_score - left.relevance_score).slice(0, count);
}

/** Each document is read together with the query. */
function estimate({ query, documents }: RerankRequest): Usage {
  const texts = documents.map((document) => (typeof document === "string" ? document : document.text));
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text) + Buffer.byteLength(query), 0);
  return { ...noUsage, input: tokensOfBytes(bytes) };
}

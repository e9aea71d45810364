import { GatewayError } from "@/server/errors";
import { endpoint, jsonHeaders } from "@/server/providers/cohere/endpoint";
import { usageOf } from "@/server/providers/cohere/usage";
import type { Operation } from "@/server/providers/provider";
import { rerankResults, rerankTexts } from "@/server/providers/rerank";
import { isRecord, textOf } from "@/server/wire/json";
import type { RerankAnswer, RerankRequest } from "@/server/wire/rerank";

/** Cohere's `POST /v2/rerank`, billed by search units. Source: Cohere API reference, v2 "Rerank". */
export const rerank: Operation<RerankRequest, RerankAnswer> = {
  encode: (request, target) => {
    const { texts, dropped } = rerankTexts(request, ["top_n", "max_tokens_per_doc"]);
    const body = {
      model: target.model,
      query: request.query,
      documents: texts,
      ...(request.top_n && { top_n: request.top_n }),
      ...(typeof request.max_tokens_per_doc === "number" && { max_tokens_per_doc: request.max_tokens_per_doc }),
    };
    const url = endpoint(target, "/v2/rerank");
    return { request: { method: "POST", url, headers: jsonHeaders(target), body: JSON.stringify(body) }, dropped };
  },
  decode: (body, { request }) => {
    const results = rerankResults(body, request.documents.length);
    if (!results) throw new GatewayError("upstream_garbled", "The upstream's answer holds no ranking.");
    const answer = isRecord(body) ? body : {};
    return { response: { id: textOf(answer.id), results }, usage: usageOf(answer.meta) };
  },
};

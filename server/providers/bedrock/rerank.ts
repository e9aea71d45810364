import { GatewayError } from "@/server/errors";
import { jsonHeaders, modelUrl } from "@/server/providers/bedrock/endpoint";
import { modelName } from "@/server/providers/bedrock/models";
import type { Operation } from "@/server/providers/provider";
import { rerankResults, rerankTexts } from "@/server/providers/rerank";
import type { RerankAnswer, RerankRequest } from "@/server/wire/rerank";
import { noUsage } from "@/server/wire/usage";

/** Documents that one billed query covers. Source: Amazon Bedrock pricing, "Rerank models". */
const DOCUMENTS_A_UNIT = 100;

/** Reranking by `InvokeModel`, as the rerank models of Amazon and Cohere take it. Source: Amazon Bedrock User Guide, "Rerank". */
export const rerank: Operation<RerankRequest, RerankAnswer> = {
  encode: (request, target) => {
    const { texts, dropped } = rerankTexts(request, ["top_n"]);
    const body = {
      query: request.query,
      documents: texts,
      ...(request.top_n && { top_n: request.top_n }),
      ...(modelName(target).includes("cohere.") && { api_version: 2 }),
    };
    const url = modelUrl(target, "invoke");
    return { request: { method: "POST", url, headers: jsonHeaders(target), body: JSON.stringify(body) }, dropped };
  },
  decode: (body, { request }) => {
    const results = rerankResults(body, request.documents.length);
    if (!results) throw new GatewayError("upstream_garbled", "The upstream's answer holds no ranking.");
    const searchUnits = Math.ceil(request.documents.length / DOCUMENTS_A_UNIT);
    return { response: { results }, usage: { ...noUsage, searchUnits } };
  },
};

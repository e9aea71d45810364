import { GatewayError } from "@/server/errors";
import { classify } from "@/server/providers/bedrock/classify";
import { messagesOfClaude } from "@/server/providers/bedrock/claude";
import { countTokens } from "@/server/providers/bedrock/count-tokens";
import { decode } from "@/server/providers/bedrock/decode";
import { embeddings } from "@/server/providers/bedrock/embeddings";
import { encode } from "@/server/providers/bedrock/encode";
import { endpoint, jsonHeaders } from "@/server/providers/bedrock/endpoint";
import { modelFacts } from "@/server/providers/bedrock/models";
import { rerank } from "@/server/providers/bedrock/rerank";
import { decodeStream } from "@/server/providers/bedrock/stream";
import type { ProviderType, UpstreamModel } from "@/server/providers/provider";
import { isRecord, listOf, textOf } from "@/server/wire/json";

/** Amazon Bedrock. Source: docs.aws.amazon.com/bedrock, API reference and User Guide. */
export const bedrock: ProviderType = {
  id: "bedrock",
  label: "Amazon Bedrock",
  about:
    "Claude, Nova, Llama and others on AWS; the key is an API key, or an access key id and its secret as id:secret.",
  baseUrl: "https://bedrock-runtime.us-east-1.amazonaws.com",
  auth: { scheme: "sigv4", service: "bedrock" },
  keyOptional: false,
  chat: {
    ...{ kind: "translated", encode, decode, decodeStream },
    framing: "aws-event-stream",
    fetchesUrl: () => false,
    continues: (target) => modelFacts(target).claude?.prefill === true,
  },
  native: { messages: messagesOfClaude },
  countTokens,
  embeddings,
  rerank,
  listModels: {
    encode: (target) => ({
      method: "GET",
      url: endpoint(target, "/foundation-models", "bedrock"),
      headers: jsonHeaders(target),
    }),
    more: (target) => ({
      method: "GET",
      url: endpoint(target, "/inference-profiles?maxResults=1000", "bedrock"),
      headers: jsonHeaders(target),
    }),
    decode: decodeModels,
  },
  classify,
  priceLibraryId: "aws",
};

/** The models that can be called by their own name, or the profiles that stand before the others. */
function decodeModels(body: unknown): readonly UpstreamModel[] {
  if (isRecord(body) && Array.isArray(body.modelSummaries)) return listOf(body.modelSummaries).flatMap(modelOf);
  if (isRecord(body) && Array.isArray(body.inferenceProfileSummaries))
    return listOf(body.inferenceProfileSummaries).flatMap(profileOf);
  throw new GatewayError("upstream_garbled", "The upstream's answer holds no list of models.");
}

function modelOf(summary: unknown): UpstreamModel[] {
  if (!isRecord(summary)) return [];
  const id = textOf(summary.modelId);
  const ways = listOf(summary.inferenceTypesSupported);
  if (id === undefined || (ways.length > 0 && !ways.includes("ON_DEMAND"))) return [];
  return [{ id, ownedBy: textOf(summary.providerName) }];
}

function profileOf(summary: unknown): UpstreamModel[] {
  const id = isRecord(summary) ? textOf(summary.inferenceProfileId) : undefined;
  return id === undefined ? [] : [{ id }];
}

import { GatewayError } from "@/server/errors";
import { lostFields, textsOf, vectorOf } from "@/server/providers/gemini/embeddings";
import { jsonHeaders } from "@/server/providers/gemini/endpoint";
import { refused } from "@/server/providers/gemini/wire";
import type { ProviderType } from "@/server/providers/provider";
import { endpoint, publishedModel } from "@/server/providers/vertex/endpoint";
import type { EmbeddingsRequest } from "@/server/wire/embeddings";
import { usageOf } from "@/server/wire/gemini-usage";
import { countOf, isRecord, listOf, textOf } from "@/server/wire/json";
import { noUsage } from "@/server/wire/usage";

/** From its second generation on Gemini's embedding model has a method of its own, which takes one content. */
const ONE_CONTENT = /^gemini-embedding-(?:[2-9]|\d\d)/;

/** Embeddings of Vertex AI. Source: Vertex AI, "Text embeddings API" and "models.embedContent". */
export const embeddings: NonNullable<ProviderType["embeddings"]> = {
  encode: (request, target) => {
    const { method, body } = ONE_CONTENT.test(publishedModel(target).name) ? oneContent(request) : instances(request);
    const url = endpoint(target, publishedModel(target), method);
    return {
      request: { method: "POST", url, headers: jsonHeaders(target), body: JSON.stringify(body) },
      dropped: lostFields(request),
    };
  },
  decode: (body, { request }) => {
    const found = isRecord(body) ? body : {};
    if (isRecord(found.embedding)) {
      const response = { model: request.model, vectors: [vectorOf(found.embedding)] };
      return { response, usage: usageOf(found.usageMetadata) };
    }
    const vectors = listOf(found.predictions).map((one) => vectorOf(isRecord(one) ? one.embeddings : undefined));
    if (vectors.length !== textsOf(request).length) {
      throw new GatewayError("upstream_garbled", "The upstream's answer does not hold a vector for each text.");
    }
    const input = countedOf(found.predictions);
    return { response: { model: request.model, vectors }, usage: input === 0 ? undefined : { ...noUsage, input } };
  },
};

type Call = { readonly method: string; readonly body: object };

function instances(request: EmbeddingsRequest): Call {
  const task = textOf(request.task_type);
  const title = textOf(request.title);
  const list = textsOf(request).map((content) => ({
    content,
    ...(task && { task_type: task }),
    ...(title && { title }),
  }));
  const parameters = request.dimensions ? { parameters: { outputDimensionality: request.dimensions } } : {};
  return { method: "predict", body: { instances: list, ...parameters } };
}

function oneContent(request: EmbeddingsRequest): Call {
  const [text, ...more] = textsOf(request);
  if (more.length > 0) throw refused("input", "This model embeds one text a request.");
  const taskType = textOf(request.task_type);
  const config = {
    ...(request.dimensions && { outputDimensionality: request.dimensions }),
    ...(taskType && { taskType }),
  };
  const embedContentConfig = Object.keys(config).length > 0 ? { embedContentConfig: config } : {};
  return { method: "embedContent", body: { content: { parts: [{ text }] }, ...embedContentConfig } };
}

function countedOf(predictions: unknown): number {
  return listOf(predictions).reduce<number>((sum, one) => {
    const embedded = isRecord(one) && isRecord(one.embeddings) ? one.embeddings : {};
    const statistics = isRecord(embedded.statistics) ? embedded.statistics : {};
    return sum + (countOf(statistics.token_count) ?? 0);
  }, 0);
}

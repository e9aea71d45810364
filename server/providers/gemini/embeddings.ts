import { GatewayError } from "@/server/errors";
import { endpoint, jsonHeaders, modelPath } from "@/server/providers/gemini/endpoint";
import { refused } from "@/server/providers/gemini/wire";
import type { ProviderType } from "@/server/providers/provider";
import type { EmbeddingsRequest } from "@/server/wire/embeddings";
import { usageOf } from "@/server/wire/gemini-usage";
import { isRecord, listOf, textOf } from "@/server/wire/json";

const TRANSLATED: ReadonlySet<string> = new Set([
  ...["model", "input", "dimensions", "encoding_format", "task_type", "title"],
]);

/** The texts to embed; throws `invalid_request` for token ids, which are another vendor's. */
export function textsOf({ input }: EmbeddingsRequest): string[] {
  if (typeof input === "string") return [input];
  const list: readonly unknown[] = input;
  return list.map((one) => {
    if (typeof one !== "string") throw refused("input", "This provider embeds texts, not token ids.");
    return one;
  });
}

/** The fields that are not translated and ask for something. */
export function lostFields(request: EmbeddingsRequest): string[] {
  return Object.entries(request).flatMap(([field, value]) =>
    TRANSLATED.has(field) || value === undefined || value === null || !/^\w{1,64}$/.test(field) ? [] : [field],
  );
}

/** A list of numbers; throws `upstream_garbled` for anything else. */
export function vectorOf(embedding: unknown): number[] {
  const values = isRecord(embedding) ? embedding.values : undefined;
  if (Array.isArray(values) && values.every((value) => typeof value === "number")) return values;
  throw new GatewayError("upstream_garbled", "The upstream's answer holds no vector.");
}

/** Embeddings of Google AI Studio: one request holds many texts. Source: Gemini API reference, "batchEmbedContents". */
export const embeddings: NonNullable<ProviderType["embeddings"]> = {
  encode: (request, target) => {
    const taskType = textOf(request.task_type);
    const title = textOf(request.title);
    const requests = textsOf(request).map((text) => ({
      model: modelPath(target.model),
      content: { parts: [{ text }] },
      ...(taskType && { taskType }),
      ...(title && { title }),
      ...(request.dimensions && { outputDimensionality: request.dimensions }),
    }));
    const url = endpoint(target, "batchEmbedContents");
    return {
      request: { method: "POST", url, headers: jsonHeaders(target), body: JSON.stringify({ requests }) },
      dropped: lostFields(request),
    };
  },
  decode: (body, { request }) => {
    const found = isRecord(body) ? body : {};
    const vectors = listOf(found.embeddings).map(vectorOf);
    if (vectors.length !== textsOf(request).length) {
      throw new GatewayError("upstream_garbled", "The upstream's answer does not hold a vector for each text.");
    }
    return { response: { model: request.model, vectors }, usage: usageOf(found.usageMetadata) };
  },
};

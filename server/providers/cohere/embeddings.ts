import { GatewayError } from "@/server/errors";
import { refused } from "@/server/providers/anthropic/wire";
import { endpoint, jsonHeaders } from "@/server/providers/cohere/endpoint";
import { usageOf } from "@/server/providers/cohere/usage";
import type { Operation } from "@/server/providers/provider";
import type { EmbeddingsAnswer, EmbeddingsRequest } from "@/server/wire/embeddings";
import { isRecord, textOf } from "@/server/wire/json";

/** What texts are embedded for, where neither the caller (`input_type`) nor the admin (option `inputType`) says it. */
const DEFAULT_INPUT_TYPE = "search_document";

const KNOWN: ReadonlySet<string> = new Set([
  ...["model", "input", "dimensions", "encoding_format", "input_type", "truncate", "max_tokens"],
]);

/** Cohere's `POST /v2/embed`. Source: Cohere API reference, v2 "Embed". */
export const embeddings: Operation<EmbeddingsRequest, EmbeddingsAnswer> = {
  encode: (request, target) => {
    const body = {
      model: target.model,
      texts: embeddingTexts(request),
      input_type: textOf(request.input_type) ?? textOf(target.options.inputType) ?? DEFAULT_INPUT_TYPE,
      embedding_types: [request.encoding_format === "base64" ? "base64" : "float"],
      ...(request.dimensions && { output_dimension: request.dimensions }),
      ...(textOf(request.truncate) && { truncate: request.truncate }),
      ...(typeof request.max_tokens === "number" && { max_tokens: request.max_tokens }),
    };
    const dropped = Object.entries(request).flatMap(([field, value]) =>
      KNOWN.has(field) || value === null || value === undefined || !/^\w{1,64}$/.test(field) ? [] : [field],
    );
    const url = endpoint(target, "/v2/embed");
    return { request: { method: "POST", url, headers: jsonHeaders(target), body: JSON.stringify(body) }, dropped };
  },
  decode: (body, { request }) => {
    const vectors = isRecord(body) ? embeddingsByType(body.embeddings) : undefined;
    if (!vectors) throw new GatewayError("upstream_garbled", "The upstream's answer holds no vectors.");
    return { response: { model: request.model, vectors }, usage: usageOf(isRecord(body) ? body.meta : undefined) };
  },
};

/** The texts of a request. Throws `invalid_request` for token ids, which only the vendor that made them can read. */
export function embeddingTexts({ input }: EmbeddingsRequest): string[] {
  const inputs: readonly unknown[] = typeof input === "string" ? [input] : input;
  return inputs.map((text) => {
    if (typeof text === "string") return text;
    throw refused("input", "This provider takes texts, not token ids.");
  });
}

/** The vectors of `{float: […]}` or `{base64: […]}`, or of a bare list; undefined when there are none. */
export function embeddingsByType(embeddings: unknown): (readonly number[] | string)[] | undefined {
  const list = isRecord(embeddings) ? (embeddings.base64 ?? embeddings.float) : embeddings;
  if (!Array.isArray(list)) return undefined;
  const vectors = list.flatMap((vector: unknown) => (isVector(vector) ? [vector] : []));
  return vectors.length === list.length ? vectors : undefined;
}

function isVector(value: unknown): value is readonly number[] | string {
  return typeof value === "string" || (Array.isArray(value) && value.every((one) => typeof one === "number"));
}

import { GatewayError } from "@/server/errors";
import { refused } from "@/server/providers/anthropic/wire";
import { jsonHeaders, modelUrl } from "@/server/providers/bedrock/endpoint";
import { modelName } from "@/server/providers/bedrock/models";
import { embeddingsByType, embeddingTexts } from "@/server/providers/cohere/embeddings";
import type { Operation, Target } from "@/server/providers/provider";
import type { EmbeddingsAnswer, EmbeddingsRequest } from "@/server/wire/embeddings";
import { countOf, isRecord, listOf, textOf } from "@/server/wire/json";
import { noUsage, type Usage } from "@/server/wire/usage";

/**
 * Embeddings by `InvokeModel`, whose body is each model's own: Cohere's take many texts, Amazon's take one a call. Source:
 * Amazon Bedrock User Guide, "Amazon Titan Text Embeddings" and "Cohere Embed".
 */
export const embeddings: Operation<EmbeddingsRequest, EmbeddingsAnswer> = {
  encode: (request, target) => {
    const { body, dropped } = modelName(target).includes("cohere.")
      ? cohereBody(request, target)
      : titanBody(request, target);
    const url = modelUrl(target, "invoke");
    return { request: { method: "POST", url, headers: jsonHeaders(target), body: JSON.stringify(body) }, dropped };
  },
  decode: (body, { request }) => {
    if (!isRecord(body)) throw garbled();
    const titan = numbersOf(body.embedding);
    const vectors = titan ? [titan] : embeddingsByType(body.embeddings);
    if (!vectors) throw garbled();
    return { response: { model: request.model, vectors }, usage: usageOf(body) };
  },
};

type Body = { readonly body: object; readonly dropped: readonly string[] };

/** Texts of Amazon's models: version 1 has one size, version 2 a choice of sizes. */
function titanBody(request: EmbeddingsRequest, target: Target): Body {
  const [text, ...more] = embeddingTexts(request);
  if (more.length > 0) throw refused("input", "This model takes one text a call.");
  const sized = !/titan-embed-text-v1|titan-embed-g1/.test(modelName(target));
  return {
    body: { inputText: text, ...(sized && request.dimensions && { dimensions: request.dimensions }) },
    dropped: [...(request.dimensions && !sized ? ["dimensions"] : []), ...(request.user ? ["user"] : [])],
  };
}

/** Version 4 has a choice of sizes. */
function cohereBody(request: EmbeddingsRequest, target: Target): Body {
  const sized = /embed-v4/.test(modelName(target));
  return {
    body: {
      texts: embeddingTexts(request),
      input_type: textOf(request.input_type) ?? textOf(target.options.inputType) ?? "search_document",
      embedding_types: ["float"],
      ...(sized && request.dimensions && { output_dimension: request.dimensions }),
      ...(textOf(request.truncate) && { truncate: request.truncate }),
    },
    dropped: [...(request.dimensions && !sized ? ["dimensions"] : []), ...(request.user ? ["user"] : [])],
  };
}

function numbersOf(value: unknown): readonly number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const numbers = listOf(value).filter((one) => typeof one === "number");
  return numbers.length === value.length ? numbers : undefined;
}

/** Cohere's models say it in a header alone. */
function usageOf(body: Readonly<Record<string, unknown>>): Usage | undefined {
  const input = countOf(body.inputTextTokenCount);
  return input === undefined ? undefined : { ...noUsage, input };
}

function garbled(): GatewayError {
  return new GatewayError("upstream_garbled", "The upstream's answer holds no vectors.");
}

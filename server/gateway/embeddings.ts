import { GatewayError } from "@/server/errors";
import { tokensOfBytes } from "@/server/gateway/estimate";
import { type JsonCall, jsonEndpoint } from "@/server/gateway/json-call";
import { type EmbeddingsAnswer, EmbeddingsRequest, inputCount, inVectorFormat } from "@/server/wire/embeddings";
import { countOf, isRecord, listOf, textOf } from "@/server/wire/json";
import { inputTokens, noUsage, type Usage } from "@/server/wire/usage";

/** What makes embeddings different from other operations with a JSON answer. */
export const embeddingsCall: JsonCall<EmbeddingsRequest, EmbeddingsAnswer> = {
  operation: "embeddings",
  schema: EmbeddingsRequest,
  does: "embeddings",
  of: (type) => type.embeddings,
  estimate,
  view: (answer, { request, usage }) => view(answer, request, usage),
  isView: (body, { response, request }) => isView(body, response, request),
};

/** `POST /v1/embeddings`. Source: OpenAI API reference, "Create embeddings". */
export const embeddings = jsonEndpoint(embeddingsCall);

function view(
  { model, vectors, extra }: EmbeddingsAnswer,
  request: EmbeddingsRequest,
  usage = estimate(request),
): object {
  const wanted = inputCount(request.input);
  // A vector too many or too few would be taken for another text's.
  if (vectors.length !== wanted)
    throw new GatewayError("upstream_garbled", `The provider gave ${vectors.length} vectors for ${wanted} inputs.`);
  const format = request.encoding_format ?? "float";
  const tokens = inputTokens(usage);
  return {
    ...extra,
    object: "list",
    data: vectors.map((vector, index) => ({ object: "embedding", index, embedding: inVectorFormat(vector, format) })),
    model: model || request.model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

/** Writing a million numbers takes longer than all the rest of a call: an answer in the caller's own form passes. */
function isView(body: unknown, { vectors }: EmbeddingsAnswer, { input, encoding_format }: EmbeddingsRequest): boolean {
  if (!isRecord(body) || body.object !== "list" || !textOf(body.model) || !isRecord(body.usage)) return false;
  const { prompt_tokens, total_tokens } = body.usage;
  if (countOf(prompt_tokens) === undefined || countOf(total_tokens) === undefined) return false;
  const data = listOf(body.data);
  const wanted = encoding_format === "base64" ? "string" : "object";
  return (
    data.length === inputCount(input) &&
    data.every(
      (entry, index) =>
        isRecord(entry) &&
        entry.object === "embedding" &&
        entry.index === index &&
        entry.embedding === vectors[index] &&
        typeof entry.embedding === wanted,
    )
  );
}

/** Token ids are counted, texts are judged by their length. */
function estimate({ input }: EmbeddingsRequest): Usage {
  const parts = Array.isArray(input) ? input : [input];
  let tokens = 0;
  for (const part of parts) {
    if (typeof part === "string") tokens += tokensOfBytes(Buffer.byteLength(part));
    else tokens += Array.isArray(part) ? part.length : 1;
  }
  return { ...noUsage, input: tokens };
}

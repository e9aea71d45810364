import { GatewayError } from "@/server/errors";
import { tokensOfBytes } from "@/server/gateway/estimate";
import { jsonEndpoint } from "@/server/gateway/json-call";
import { type EmbeddingsAnswer, EmbeddingsRequest, inputCount, inVectorFormat } from "@/server/wire/embeddings";
import { inputTokens, noUsage, type Usage } from "@/server/wire/usage";

/** `POST /v1/embeddings`. Source: OpenAI API reference, "Create embeddings". */
export const embeddings = jsonEndpoint({
  operation: "embeddings",
  schema: EmbeddingsRequest,
  does: "embeddings",
  of: (type) => type.embeddings,
  estimate,
  view: (answer, { request, usage }) => view(answer, request, usage),
});

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

import { GatewayError } from "@/server/errors";
import { decode, decodeStream, usageOf } from "@/server/providers/ollama/decode";
import { encode } from "@/server/providers/ollama/encode";
import { bearer, classifyOpenAi, modelsAt } from "@/server/providers/openai-like";
import { isVector, post, textsOf } from "@/server/providers/openai-operations";
import type { Operation, ProviderType } from "@/server/providers/provider";
import type { EmbeddingsAnswer, EmbeddingsRequest } from "@/server/wire/embeddings";
import { isRecord, textOf } from "@/server/wire/json";

/** `POST /api/embed`. Source: docs.ollama.com, API reference, "Generate embeddings". */
const embeddings: Operation<EmbeddingsRequest, EmbeddingsAnswer> = {
  encode: (request, target) => {
    const { encoding_format: _format, user, ...rest } = request;
    const body = { ...rest, model: target.model, input: textsOf(request, target) };
    return { request: post(`${target.baseUrl}/api/embed`, target, body), dropped: user ? ["user"] : [] };
  },
  decode: (body) => {
    if (!isRecord(body) || !Array.isArray(body.embeddings)) throw garbled();
    const vectors = body.embeddings.map((vector: unknown) => {
      if (!isVector(vector)) throw garbled();
      return vector;
    });
    return { response: { model: textOf(body.model) ?? "", vectors }, usage: usageOf(body) };
  },
};

function garbled(): GatewayError {
  return new GatewayError("upstream_garbled", "The provider's answer holds no list of vectors.");
}

/** Ollama by its own API, which has options that its OpenAI endpoints lack. Source: docs.ollama.com, API reference, "Thinking". */
export const ollama: ProviderType = {
  id: "ollama",
  label: "Ollama",
  about: "Ollama on a machine in your network, as http://host:11434. Options keepAlive and options (as num_ctx).",
  baseUrl: null,
  auth: bearer,
  keyOptional: true,
  chat: { kind: "translated", encode, decode, decodeStream, framing: "ndjson", fetchesUrl: () => false },
  embeddings,
  listModels: modelsAt(({ baseUrl }) => `${baseUrl}/api/tags`),
  classify: classifyOpenAi,
};

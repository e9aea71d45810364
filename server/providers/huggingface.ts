import { GatewayError } from "@/server/errors";
import { beside, openAiLike, openAiModels } from "@/server/providers/openai-like";
import { isVector, post, textsOf } from "@/server/providers/openai-operations";
import type { Operation, Target } from "@/server/providers/provider";
import type { EmbeddingsAnswer, EmbeddingsRequest } from "@/server/wire/embeddings";

/** Whose inference: the option `provider`, else Hugging Face's own. */
function pipeline(target: Target): string {
  const provider = typeof target.options.provider === "string" ? target.options.provider : "hf-inference";
  const model = target.model.split("/").map(encodeURIComponent).join("/");
  return beside(target, "/v1", `/${encodeURIComponent(provider)}/models/${model}/pipeline/feature-extraction`);
}

/** Vectors of texts by the task "feature extraction", which tells no usage. */
const embeddings: Operation<EmbeddingsRequest, EmbeddingsAnswer> = {
  encode: (request, target) => {
    const names = ["dimensions", "user"] as const;
    const { input: _input, model: _model, encoding_format: _format, dimensions: _size, user: _user, ...own } = request;
    const inputs = textsOf(request, target);
    return {
      request: post(pipeline(target), target, { ...own, inputs }),
      dropped: names.filter((name) => (request[name] ?? undefined) !== undefined),
    };
  },
  decode: (body) => {
    if (!Array.isArray(body)) throw garbled();
    return { response: { model: "", vectors: body.map(vectorOf) }, usage: undefined };
  },
};

/** One vector a text. Models that do not pool give one a token instead, of which the first stands for the text. */
function vectorOf(value: unknown): readonly number[] | string {
  if (Array.isArray(value) && value.length > 0 && isVector(value)) return value;
  const first: unknown = Array.isArray(value) ? value[0] : undefined;
  if (Array.isArray(first) && first.length > 0 && isVector(first)) return first;
  throw garbled();
}

function garbled(): GatewayError {
  return new GatewayError("upstream_garbled", "The provider's answer holds no list of vectors.");
}

/**
 * Hugging Face's Inference Providers. A model's name may end with `:<provider>`, `:fastest` or `:cheapest`. Its Responses
 * endpoint keeps no state, so that callers of that dialect are served through chat.
 * Source: huggingface.co/docs/inference-providers, "Chat Completion", "Feature Extraction".
 */
export const huggingface = openAiLike({
  id: "huggingface",
  label: "Hugging Face",
  about: "Models of many inference providers behind one Hugging Face token.",
  baseUrl: "https://router.huggingface.co/v1",
  chat: { renames: { max_completion_tokens: "max_tokens" }, reasoning: ["reasoning_content", "reasoning"] },
  embeddings,
  listModels: openAiModels,
});

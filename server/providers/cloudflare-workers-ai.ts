import { GatewayError } from "@/server/errors";
import { oneAnswer } from "@/server/providers/chat-changes";
import { beside, classifyOpenAi, modelsAt, openAiLike } from "@/server/providers/openai-like";
import { openAiEmbeddings, textsOnly } from "@/server/providers/openai-operations";
import type { Classified, UpstreamModel } from "@/server/providers/provider";
import { isRecord, textOf } from "@/server/wire/json";

/** A model's `id` is a number of its own; what calls name is `name`. */
function named(body: unknown): readonly UpstreamModel[] {
  if (!isRecord(body) || !Array.isArray(body.result))
    throw new GatewayError("upstream_garbled", "The upstream's answer holds no list of models.");
  return body.result.flatMap((model: unknown) => {
    const id = isRecord(model) ? textOf(model.name) : undefined;
    return id === undefined ? [] : [{ id }];
  });
}

/** Errors come as a list. */
function classify(status: number, body: unknown): Classified {
  const first: unknown = isRecord(body) && Array.isArray(body.errors) ? body.errors[0] : undefined;
  return classifyOpenAi(status, isRecord(first) ? { error: first } : body);
}

/** Cloudflare Workers AI. Source: developers.cloudflare.com/workers-ai, "OpenAI compatible API endpoints", "Model search". */
export const cloudflareWorkersAi = openAiLike({
  id: "cloudflare-workers-ai",
  label: "Cloudflare Workers AI",
  about: "Models of an account: https://api.cloudflare.com/client/v4/accounts/<account id>/ai/v1.",
  baseUrl: null,
  chat: {
    lacks: ["logit_bias", "logprobs", "top_logprobs", "parallel_tool_calls", "user"],
    renames: { max_completion_tokens: "max_tokens" },
    rules: [oneAnswer],
  },
  embeddings: openAiEmbeddings({ rules: [textsOnly] }),
  listModels: modelsAt((target) => beside(target, "/v1", "/models/search"), named),
  classify,
  priceLibraryId: "cloudflare",
});

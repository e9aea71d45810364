import { GatewayError } from "@/server/errors";
import { messagesAt } from "@/server/providers/anthropic-compatible";
import { at, beside, modelsAt, openAiLike } from "@/server/providers/openai-like";
import { openAiEmbeddings, textsOnly } from "@/server/providers/openai-operations";
import type { UpstreamModel } from "@/server/providers/provider";
import { isRecord, textOf } from "@/server/wire/json";

/** What is served are endpoints, by their names. */
function endpoints(body: unknown): readonly UpstreamModel[] {
  if (!isRecord(body) || !Array.isArray(body.endpoints))
    throw new GatewayError("upstream_garbled", "The upstream's answer holds no list of serving endpoints.");
  return body.endpoints.flatMap((endpoint: unknown) => {
    const id = isRecord(endpoint) ? textOf(endpoint.name) : undefined;
    return isRecord(endpoint) && id !== undefined ? [{ id, ownedBy: textOf(endpoint.creator) }] : [];
  });
}

/** Databricks Model Serving. Source: docs.databricks.com, "Foundation model REST API reference", "Serving endpoints API". */
export const databricks = openAiLike({
  id: "databricks",
  label: "Databricks",
  about: "Serving endpoints of a workspace: https://<workspace>.cloud.databricks.com/serving-endpoints.",
  baseUrl: null,
  chat: {
    lacks: ["logit_bias", "seed", "presence_penalty", "frequency_penalty", "parallel_tool_calls", "user"],
    renames: { max_completion_tokens: "max_tokens" },
    keeps: ["cache_control"],
  },
  native: {
    completions: at("/completions"),
    messages: {
      ...messagesAt(({ baseUrl }) => `${baseUrl}/anthropic/v1/messages`),
      serves: ({ model }) => /claude/i.test(model),
    },
  },
  embeddings: openAiEmbeddings({ rules: [textsOnly] }),
  listModels: modelsAt((target) => beside(target, "/serving-endpoints", "/api/2.0/serving-endpoints"), endpoints),
});

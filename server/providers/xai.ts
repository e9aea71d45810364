import { forModels, lacks } from "@/server/providers/chat-changes";
import { classified, readError } from "@/server/providers/classify";
import { at, classifyOpenAi, openAiLike, openAiModels } from "@/server/providers/openai-like";
import { openAiEmbeddings } from "@/server/providers/openai-operations";
import type { Classified } from "@/server/providers/provider";

/** Models that reason: they refuse penalties and stop sequences. */
const REASONING = /^grok-(3-mini|[4-9]|code|build|latest)(?!.*non-reasoning)/;

/** Models that reason as much as they like, or not at all, and refuse to be told. */
const NO_EFFORT = /^grok-(3(?!-mini)|4$|4-|4\.20|code)/;

/** xAI answers a wrong key with 400, and what its guidelines forbid with 403. */
function classify(status: number, body: unknown): Classified {
  const error = readError(body);
  if (status === 400 && /incorrect api key/i.test(error.message ?? "")) return classified("upstream_denied", error);
  if (status === 403 && /usage guidelines/i.test(error.message ?? ""))
    return classified("upstream_rejected", { ...error, code: "content_filter" });
  return classifyOpenAi(status, body);
}

/** xAI's own API. Its endpoint for Anthropic's dialect is deprecated. Source: docs.x.ai, REST API reference, "Reasoning". */
export const xai = openAiLike({
  id: "xai",
  label: "xAI",
  about: "Grok models from xAI.",
  baseUrl: "https://api.x.ai/v1",
  chat: {
    knows: ["web_search_options"],
    lacks: ["logit_bias"],
    developer: true,
    reasoning: ["reasoning_content"],
    rules: [
      forModels(REASONING, lacks("presence_penalty", "frequency_penalty", "stop")),
      forModels(NO_EFFORT, lacks("reasoning_effort")),
    ],
  },
  native: { responses: at("/responses") },
  embeddings: openAiEmbeddings(),
  listModels: openAiModels,
  classify,
  priceLibraryId: "x-ai",
});

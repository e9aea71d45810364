import { type Draft, forModels, lacks, renames } from "@/server/providers/chat-changes";
import { at, openAiLike, openAiModels } from "@/server/providers/openai-like";
import { openAiEmbeddings, openAiModerations } from "@/server/providers/openai-operations";

/** Models that reason, but for the chat variants beside them. Fine-tuned ones carry the base model's name behind `ft:`. */
const REASONING = /^(ft:)?(o\d|codex|gpt-([5-9]|\d\d)(?!.*-chat))/;

/** Fields that decide how tokens are drawn, which reasoning models refuse. */
const SAMPLING = ["top_p", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs"];

/**
 * Leaves out what a reasoning model refuses. From gpt-5.1 on a model reasons only when it is asked to, and without reasoning
 * takes all of it. Source: OpenAI, "Using GPT-5.2", parameter compatibility; "Reasoning models".
 */
function withoutSampling(draft: Draft): void {
  const effort = draft.get("reasoning_effort");
  if (/gpt-\d+\.\d/.test(draft.target.model) && (effort === undefined || effort === "none")) return;
  if (draft.get("temperature") !== 1) draft.drop("temperature");
  lacks(...SAMPLING)(draft);
}

/** Models that do not reason refuse to be told how much. */
const UNREASONING = /^(ft:)?(gpt-[34]|chatgpt-|gpt-\d+(\.\d)?-chat)/;

/** What OpenAI's models want otherwise than a caller may have written it. */
export const openAiModelRules = [
  forModels(UNREASONING, lacks("reasoning_effort")),
  forModels(REASONING, renames("max_tokens", "max_completion_tokens"), withoutSampling),
];

/** OpenAI's own API. Source: platform.openai.com, API reference. */
export const openai = openAiLike({
  id: "openai",
  label: "OpenAI",
  about: "GPT and o-series models from OpenAI.",
  baseUrl: "https://api.openai.com/v1",
  chat: { knows: "all", developer: true, rules: openAiModelRules },
  native: { responses: at("/responses"), completions: at("/completions") },
  embeddings: openAiEmbeddings(),
  moderations: openAiModerations(),
  listModels: openAiModels,
  priceLibraryId: "openai",
});

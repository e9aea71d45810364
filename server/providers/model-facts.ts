import { modelFacts as anthropicFacts } from "@/server/providers/anthropic/models";
import { knownModels } from "@/server/providers/known-models";
import type { Feature } from "@/server/wire/capabilities";

/** What a model is made for; `other` is what no endpoint here serves (speech, pictures, bare completions). */
export type ModelKind = "chat" | "responses" | "embeddings" | "rerank" | "moderations" | "other";

/** What is known of a model by its name; what is absent is not known, and is never presumed. */
export type ModelFacts = {
  /** `responses` answers in text too, but at its vendor only by that one API. */
  readonly kind?: ModelKind;
  readonly features?: Readonly<Partial<Record<Feature, boolean>>>;
  /** In tokens. */
  readonly contextWindow?: number;
  readonly maxOutputTokens?: number;
};

/** The facts of a model by its upstream name, in whichever form a vendor or a cloud writes it; empty when it is not known. */
export function modelFacts(upstreamModel: string): ModelFacts {
  const name = plainName(upstreamModel);
  const [, facts] = knownModels.find(([pattern]) => pattern.test(name)) ?? [];
  if (!facts) return {};
  return name.startsWith("claude-") ? { maxOutputTokens: anthropicFacts(name).maxOutputTokens, ...facts } : facts;
}

/** `us.anthropic.claude-…`, `accounts/fireworks/models/llama-…` and `Qwen/Qwen3-…` without whose they are, in small letters. */
function plainName(upstreamModel: string): string {
  const last = upstreamModel.toLowerCase().split("/").at(-1) ?? "";
  return last
    .replace(/^ft:/, "")
    .replace(
      /^(?:(?:us|eu|apac|jp|au|us-gov|global)\.)?(?:ai21|amazon|anthropic|cohere|deepseek|google|meta|mistral|openai|qwen)\./,
      "",
    );
}

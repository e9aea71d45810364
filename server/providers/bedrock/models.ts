import { type ModelFacts as ClaudeFacts, modelFacts as claudeFacts } from "@/server/providers/anthropic/models";
import type { Target } from "@/server/providers/provider";
import { textOf } from "@/server/wire/json";

/** What a model takes on the Converse API and what it refuses. Source: Amazon Bedrock User Guide, November 2026. */
export type ModelFacts = {
  /** Set for Claude: what is asked of it beside Converse's own fields is Anthropic's. */
  readonly claude?: ClaudeFacts | undefined;
  /** Whether `outputConfig` and strict tools are taken. */
  readonly structured: boolean;
  /** Whether a tool call can be forced, on which the other way to structured output rests. */
  readonly forcedTools: boolean;
  /** Whether cache points are taken. */
  readonly caching: boolean;
  /** Whether temperature, `topP` and stop sequences are taken. */
  readonly sampling: boolean;
  /** How much the model shall think is asked for in this form. */
  readonly effort: "claude" | "nova" | "openai" | "none";
  /** The place of `top_k` among the model's own fields. */
  readonly topK: "top_k" | "k" | "nova";
};

const STRUCTURED =
  /claude-(?:opus|sonnet|haiku|fable)-(?:4-[5-9]|[5-9])|qwen3|deepseek\.v3|gpt-oss|gemma-3|minimax|kimi-k2|nemotron|mistral-large-3|ministral|magistral|voxtral/;
const FORCES = /claude|nova|mistral-large|pixtral|qwen3|gpt-|kimi|minimax/;

/** The model behind the target; an opaque profile's is what the admin gave as the option `baseModel`. */
export function modelName(target: Target): string {
  return (textOf(target.options.baseModel) ?? target.model).toLowerCase();
}

/** The id of the model behind a profile of AWS's own, which some operations want: `us.anthropic.…` stands before `anthropic.…`. */
export function foundationModel(target: Target): string {
  const id = textOf(target.options.baseModel) ?? target.model.split("/").at(-1) ?? "";
  return id.replace(/^(?:us|us-gov|eu|apac|jp|au|ca|global)\.(?=[a-z0-9]+\.)/, "");
}

/** Whether the target is a Claude, by its id, profile or ARN. */
export function isClaude(target: Target): boolean {
  return modelName(target).includes("claude");
}

/** The facts of the target's model by its name; an unknown one is presumed to take little. */
export function modelFacts(target: Target): ModelFacts {
  const name = modelName(target);
  const claude = isClaude(target) ? claudeFacts(name) : undefined;
  const nova = /\bnova-/.test(name);
  return {
    claude,
    structured: STRUCTURED.test(name),
    forcedTools: claude ? claude.forcedTools !== "never" : FORCES.test(name),
    caching: claude !== undefined || nova,
    sampling: !/openai\.gpt-[5-9]/.test(name),
    effort: claude ? "claude" : /nova-2/.test(name) ? "nova" : /gpt-oss/.test(name) ? "openai" : "none",
    topK: nova ? "nova" : /cohere\./.test(name) ? "k" : "top_k",
  };
}

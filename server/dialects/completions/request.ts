import { z } from "zod";
import type { Canonical, JsonObject } from "@/server/dialects/dialect";
import { GatewayError } from "@/server/errors";
import type { ChatRequest } from "@/server/wire/chat";

/** What the gateway reads of a request before it knows where it goes. */
export const CompletionsRequest = z.looseObject({
  model: z.string().min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
});

const Settings = z.looseObject({
  model: z.string().min(1),
  prompt: z.unknown(),
  max_tokens: z.int().min(1).nullish(),
  n: z.int().min(1).max(128).nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  logprobs: z.int().min(0).max(20).nullish(),
  best_of: z.int().nullish(),
  suffix: z.string().nullish(),
  echo: z.boolean().nullish(),
  user: z.string().nullish(),
});

/** What the API takes where the caller sets no limit. */
const DEFAULT_MAX_TOKENS = 16;

/**
 * A request for a completion as a chat in which a user says the prompt. Throws `invalid_request` for what is malformed and
 * for what a chat cannot do: several prompts at once, and prompts of tokens, which only the model's own tokenizer can read.
 * Source: OpenAI API reference, "Create completion".
 */
export function toCanonical(body: JsonObject): Canonical {
  const result = Settings.safeParse(body);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw refused(issue?.path.join(".") ?? "", issue?.message ?? "Invalid request.");
  }
  const { prompt: _prompt, max_tokens, logprobs, best_of, suffix, echo: _echo, ...settings } = result.data;
  const request: ChatRequest = {
    ...settings,
    messages: [{ role: "user", content: promptOf(body) }],
    max_tokens: max_tokens ?? DEFAULT_MAX_TOKENS,
    ...(typeof logprobs === "number" && { logprobs: true, ...(logprobs > 0 && { top_logprobs: logprobs }) }),
  };
  const dropped = [
    ...(typeof best_of === "number" && best_of > (settings.n ?? 1) ? ["best_of"] : []),
    ...(suffix ? ["suffix"] : []),
  ];
  return { request, dropped };
}

/** The one prompt of a request. Throws `invalid_request` where it has another number of them, or one of tokens. */
export function promptOf({ prompt }: JsonObject): string {
  if (typeof prompt === "string") return prompt;
  const list: readonly unknown[] = Array.isArray(prompt) ? prompt : [];
  const [only, ...more] = list;
  if (typeof only === "string" && more.length === 0) return only;
  if (typeof only === "string")
    throw refused("prompt", "This model takes one prompt in a request; send one request for each.");
  if (list.length > 0) throw refused("prompt", "This model takes a prompt of text, not of tokens.");
  throw refused("prompt", "Expected a text.");
}

function refused(param: string, message: string): GatewayError {
  return new GatewayError("invalid_request", `Invalid '${param}': ${message}`, { param });
}

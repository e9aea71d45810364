import type { JsonObject } from "@/server/dialects/dialect";
import { field, jsonName, record } from "@/server/dialects/gemini/request";
import { jsonSchemaOf } from "@/server/dialects/gemini/schema";
import { isRecord, listOf, textOf } from "@/server/wire/json";

/** Fields of `generationConfig` by the canonical field that says the same. */
const SAME: Readonly<Record<string, string>> = {
  temperature: "temperature",
  topP: "top_p",
  topK: "top_k",
  maxOutputTokens: "max_completion_tokens",
  candidateCount: "n",
  stopSequences: "stop",
  seed: "seed",
  presencePenalty: "presence_penalty",
  frequencyPenalty: "frequency_penalty",
  responseLogprobs: "logprobs",
  logprobs: "top_logprobs",
};

/** These are read together, below. */
const TOGETHER: ReadonlySet<string> = new Set([
  ...["responseMimeType", "responseSchema", "responseJsonSchema", "thinkingConfig", "responseModalities"],
]);

/** `generationConfig` as canonical fields; those that have none are named in `dropped`. */
export function configOf(body: JsonObject, dropped: Set<string>): JsonObject {
  const config = record(body, "generationConfig");
  const made: JsonObject = {};
  for (const [given, value] of Object.entries(config)) {
    if (value === null || value === undefined) continue;
    const name = jsonName(given);
    const same = Object.hasOwn(SAME, name) ? SAME[name] : undefined;
    if (same !== undefined) made[same] = value;
    else if (!TOGETHER.has(name) && value !== false && /^\w{1,64}$/.test(given))
      dropped.add(`generationConfig.${given}`);
  }
  if (Array.isArray(made.stop) && made.stop.length === 0) delete made.stop;
  return {
    ...made,
    ...formatOf(config, dropped),
    ...reasoningOf(record(config, "thinkingConfig")),
    ...modalitiesOf(config),
  };
}

function formatOf(config: JsonObject, dropped: Set<string>): JsonObject {
  const type = textOf(field(config, "responseMimeType"));
  const own = field(config, "responseSchema");
  const schema = field(config, "responseJsonSchema") ?? (isRecord(own) ? jsonSchemaOf(own) : undefined);
  if (isRecord(schema) && type !== "text/x.enum") {
    return { response_format: { type: "json_schema", json_schema: { name: "response", schema } } };
  }
  if (type === "application/json") return { response_format: { type: "json_object" } };
  if (type !== undefined && type !== "text/plain") dropped.add("generationConfig.responseMimeType");
  return {};
}

/** Budgets by the efforts that Google documents for them; -1 leaves it to the model. */
function reasoningOf(config: JsonObject): JsonObject {
  const level = textOf(field(config, "thinkingLevel"))?.toLowerCase();
  if (level !== undefined && level !== "thinking_level_unspecified") return { reasoning_effort: level };
  const budget = field(config, "thinkingBudget");
  if (typeof budget !== "number" || budget < 0) return {};
  if (budget === 0) return { reasoning_effort: "none" };
  if (budget <= 1024) return { reasoning_effort: "low" };
  return { reasoning_effort: budget <= 8192 ? "medium" : "high" };
}

function modalitiesOf(config: JsonObject): JsonObject {
  const modalities = listOf(field(config, "responseModalities")).flatMap((one) => textOf(one)?.toLowerCase() ?? []);
  return modalities.some((one) => one !== "text") ? { modalities } : {};
}

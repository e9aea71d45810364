import { z } from "zod";
import type { Asked, JsonObject, Located } from "@/server/dialects/dialect";
import { GatewayError } from "@/server/errors";
import { countOf, isRecord } from "@/server/wire/json";

/** What the gateway reads of a request; everything else passes. Source: Gemini API reference, "models.generateContent". */
export const GenerateContentRequest = z.looseObject({
  contents: z.union([
    z.string().min(1),
    z.looseObject({}),
    z.array(z.union([z.string(), z.looseObject({})])).min(1, "Expected at least one content."),
  ]),
});

/** The methods of a model that this API has. */
const METHODS = ["generateContent", "streamGenerateContent", "countTokens"] as const;
export type Method = (typeof METHODS)[number];

/** The model and method that a path `models/{model}:{method}` names; throws `not_found` for what is none. */
export function addressed({ params }: Pick<Located, "params">): { model: string; method: Method } {
  const id = params.id ?? "";
  const colon = id.lastIndexOf(":");
  const method = METHODS.find((known) => known === id.slice(colon + 1));
  const model = id.slice(0, Math.max(0, colon));
  if (method === undefined || model === "") {
    throw new GatewayError("not_found", `Unknown method '${id}'. A model has ${METHODS.join(", ")}.`);
  }
  return { model, method };
}

/** The model is named in the path, and so is whether the answer is streamed. */
export function read(_body: JsonObject, located: Located): Asked {
  const { model, method } = addressed(located);
  return { model, stream: method === "streamGenerateContent" };
}

/** The limit on an answer's tokens that a request sets. */
export function askedOutput(body: JsonObject): number | undefined {
  return countOf(field(record(body, "generationConfig"), "maxOutputTokens"));
}

/** `generationConfig` with its limit, under the name that the caller gave it. */
export function limitOutput(body: JsonObject, tokens: number): JsonObject {
  const name = isRecord(body.generation_config) ? "generation_config" : "generationConfig";
  const { max_output_tokens: _asked, ...config } = record(body, "generationConfig");
  return { [name]: { ...config, maxOutputTokens: tokens } };
}

/** A field under its name in JSON, or the one with underscores, which Google's API takes as well. */
export function field(value: unknown, name: string): unknown {
  if (!isRecord(value)) return undefined;
  return value[name] ?? value[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
}

/** A field that is an object; an empty one where it is not. */
export function record(value: unknown, name: string): JsonObject {
  const found = field(value, name);
  return isRecord(found) ? found : {};
}

/** A name of Google's as it stands in JSON: `max_output_tokens` is `maxOutputTokens`. */
export function jsonName(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());
}

/** The error for a field of the caller's request that makes no sense. */
export function refused(param: string, message: string): GatewayError {
  return new GatewayError("invalid_request", `Invalid value for '${param}': ${message}`, { param });
}

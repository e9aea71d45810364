import type { JsonObject } from "@/server/dialects/dialect";
import { base64Runs } from "@/server/gateway/base64-runs";
import type { CallTarget } from "@/server/gateway/call";
import { tokensOfBytes } from "@/server/gateway/estimate";
import { canBegin, type Stage } from "@/server/gateway/resolve";
import { modelFacts } from "@/server/providers/model-facts";
import type { Feature } from "@/server/wire/capabilities";
import { isRecord, listOf, textOf } from "@/server/wire/json";
import { type ContentKind, contentKinds } from "@/server/wire/routing-rule";

/** What a model must be able to do for a kind of content. */
const features: Readonly<Record<ContentKind, Feature>> = {
  images: "vision",
  audio: "audio_in",
  files: "pdf_in",
  tools: "tools",
  json_schema: "json_schema",
  reasoning: "reasoning",
};

const FILE_TOKENS = 1_500;

/** How many tokens a request's prompt has, about: read off the length of its body, files counted for little. */
export function promptTokens(bytes: Buffer): number {
  const files = base64Runs(bytes);
  let { length } = bytes;
  for (const file of files) length -= file;
  return tokensOfBytes(length) + files.length * FILE_TOKENS;
}

/** The kinds of content that a request holds, in whichever dialect of text it is. */
export function contentOf(body: JsonObject): ReadonlySet<ContentKind> {
  const found = new Set<ContentKind>();
  // `functions` is what OpenAI called them first.
  if (listOf(body.tools).length > 0 || listOf(body.functions).length > 0) found.add("tools");
  if (asksForSchema(body)) found.add("json_schema");
  if (asksForThought(body)) found.add("reasoning");
  for (const list of [body.messages, body.input, body.contents])
    for (const message of listOf(list)) if (isRecord(message)) addParts(message, found);
  return found;
}

function addParts(message: JsonObject, found: Set<ContentKind>): void {
  for (const list of [message.content, message.parts])
    for (const part of listOf(list)) {
      const kind = isRecord(part) ? kindOf(part) : undefined;
      if (kind) found.add(kind);
      // The result of a tool holds parts of its own.
      if (isRecord(part) && Array.isArray(part.content)) addParts(part, found);
    }
}

const kinds = new Map<string, ContentKind>([
  ["image_url", "images"],
  ["image", "images"],
  ["input_image", "images"],
  ["input_audio", "audio"],
  ["file", "files"],
  ["input_file", "files"],
  ["document", "files"],
]);

function kindOf(part: JsonObject): ContentKind | undefined {
  const known = kinds.get(textOf(part.type) ?? "");
  if (known) return known;
  const data = part.inlineData ?? part.inline_data ?? part.fileData ?? part.file_data;
  const media = isRecord(data) ? textOf(data.mimeType ?? data.mime_type) : undefined;
  if (media?.startsWith("image/")) return "images";
  if (media?.startsWith("audio/")) return "audio";
  return media === "application/pdf" ? "files" : undefined;
}

function asksForSchema(body: JsonObject): boolean {
  const { response_format, text, output_config } = body;
  const output = isRecord(output_config) ? output_config.format : undefined;
  const formats = [response_format, isRecord(text) ? text.format : undefined, output];
  if (formats.some((format) => isRecord(format) && format.type === "json_schema")) return true;
  const settings = nestedSettings(body);
  return schemas.some((name) => isRecord(settings[name]));
}

const schemas = ["responseSchema", "response_schema", "responseJsonSchema", "response_json_schema"];

/** Google's SDKs write names in camel case, its REST API takes snake case too. */
function nestedSettings({ generationConfig, generation_config }: JsonObject): JsonObject {
  const settings = generationConfig ?? generation_config;
  return isRecord(settings) ? settings : {};
}

function asksForThought(body: JsonObject): boolean {
  const { reasoning_effort, reasoning, thinking } = body;
  const { effort, enabled, max_tokens } = isRecord(reasoning) ? reasoning : {};
  const word = textOf(reasoning_effort) ?? textOf(effort);
  if (word !== undefined) return word !== "none";
  if (enabled === true || isPositive(max_tokens)) return true;
  if (isRecord(thinking) && (thinking.type === "enabled" || thinking.type === "adaptive")) return true;
  const settings = nestedSettings(body);
  return thinks(settings.thinkingConfig ?? settings.thinking_config);
}

/** Gemini's own: a budget of 0 switches it off, -1 leaves it to the model. */
function thinks(config: unknown): boolean {
  if (!isRecord(config)) return false;
  const budget = config.thinkingBudget ?? config.thinking_budget;
  const level = config.thinkingLevel ?? config.thinking_level;
  const told = config.includeThoughts ?? config.include_thoughts;
  return budget === 0 ? false : typeof budget === "number" || typeof level === "string" || told === true;
}

function isPositive(value: unknown): boolean {
  return typeof value === "number" && value > 0;
}

/** Why a target is not asked, told of it and its stage's model. */
export type Passed = (target: CallTarget, model: string, reason: string) => void;

/**
 * The stages without the targets that are known not to do what the request asks, or to be too small for its prompt. What is not
 * known counts as able; where nothing is left the stages stay as they are, for a vendor's own refusal tells more.
 */
export function eligible(
  stages: readonly Stage[],
  { bytes, body }: { readonly bytes: Buffer; readonly body: JsonObject },
  passed?: Passed,
): readonly Stage[] {
  let targets = 0;
  for (const stage of stages) targets += stage.targets.length;
  if (targets < 2) return stages;
  const holds = new Holds(bytes, body);
  const obstacles: [CallTarget, string, Obstacle][] = [];
  const able = withTargets(stages, (target, model) => {
    const obstacle = obstacleOf(target, holds);
    if (obstacle) obstacles.push([target, model, obstacle]);
    return obstacle === undefined;
  });
  const left = able.some(({ on }) => on === "any") ? able : beginningLarger(stages, able, holds);
  if (!canBegin(left)) return stages;
  if (passed) for (const [target, model, { reason }] of obstacles) passed(target, model, reason);
  return left;
}

/** Where the prompt is too long for every model that was asked for, what is there for such prompts is asked at once. */
function beginningLarger(stages: readonly Stage[], able: readonly Stage[], holds: Holds): readonly Stage[] {
  const own = stages.filter(({ on }) => on === "any").flatMap(({ targets }) => targets);
  if (own.length === 0 || !own.every((target) => obstacleOf(target, holds)?.ofSize)) return able;
  return able.map((stage) => (stage.on === "context" ? { ...stage, on: "any" } : stage));
}

/** The stages with those of their targets that are kept; a stage without any is left out. */
export function withTargets(
  stages: readonly Stage[],
  keeps: (target: CallTarget, model: string) => boolean,
): readonly Stage[] {
  return stages.flatMap((stage) => {
    const targets = stage.targets.filter((target) => keeps(target, stage.model));
    if (targets.length === stage.targets.length) return [stage];
    return targets.length === 0 ? [] : [{ ...stage, targets }];
  });
}

/** What a request holds, looked at only where a target is known to have a limit there. */
class Holds {
  readonly #bytes: Buffer;
  readonly #body: JsonObject;
  #content: ReadonlySet<ContentKind> | undefined;
  #tokens: number | undefined;

  constructor(bytes: Buffer, body: JsonObject) {
    this.#bytes = bytes;
    this.#body = body;
  }

  get content(): ReadonlySet<ContentKind> {
    this.#content ??= contentOf(this.#body);
    return this.#content;
  }

  /** Tokens of the prompt when they are more than so many; undefined when they are not. */
  moreThan(tokens: number): number | undefined {
    if (tokensOfBytes(this.#bytes.length) <= tokens) return undefined;
    this.#tokens ??= promptTokens(this.#bytes);
    return this.#tokens > tokens ? this.#tokens : undefined;
  }
}

type Obstacle = { readonly reason: string; readonly ofSize: boolean };

function obstacleOf(target: CallTarget, holds: Holds): Obstacle | undefined {
  const contextWindow = windowOf(target);
  const { lacks } = factsOf(target.upstreamModel);
  const tokens = contextWindow === undefined ? undefined : holds.moreThan(contextWindow);
  if (tokens !== undefined)
    return {
      reason: `its context window of ${contextWindow} tokens is too small for about ${tokens}`,
      ofSize: true,
    };
  const kind = lacks.find((one) => holds.content.has(one));
  return kind && { reason: `it does not take ${kind}`, ofSize: false };
}

/** In tokens: what the admin says of the deployment, or what is known of a model of that name. */
function windowOf({ deployment, upstreamModel }: CallTarget): number | undefined {
  return deployment?.contextWindow ?? factsOf(upstreamModel).contextWindow;
}

/** Whether a target may have a larger context window than another one; two of the same name that nothing is known of have the same. */
export function mayBeLarger(target: CallTarget, than: CallTarget): boolean {
  const own = windowOf(target);
  const other = windowOf(than);
  if (own === other && target.upstreamModel === than.upstreamModel) return false;
  return own === undefined || other === undefined || own > other;
}

type Known = { readonly contextWindow: number | undefined; readonly lacks: readonly ContentKind[] };

/** Facts come from the code, so they hold as long as the process; callers can make names up. */
const MAX_HELD = 10_000;
const held = new Map<string, Known>();

function factsOf(upstreamModel: string): Known {
  let known = held.get(upstreamModel);
  if (!known) {
    if (held.size >= MAX_HELD) held.clear();
    const facts = modelFacts(upstreamModel);
    const lacks = contentKinds.filter((kind) => facts.features?.[features[kind]] === false);
    known = { contextWindow: facts.contextWindow, lacks };
    held.set(upstreamModel, known);
  }
  return known;
}

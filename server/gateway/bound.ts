import type { JsonObject } from "@/server/dialects/dialect";
import { base64Runs } from "@/server/gateway/base64-runs";
import type { CallTarget } from "@/server/gateway/call";
import { costOf, type NanoUsd, type Rates, rateFor } from "@/server/money";
import { modelFacts } from "@/server/providers/model-facts";
import { priceAt } from "@/server/state/catalog";
import { noUsage } from "@/server/wire/usage";

/** What a call may use at most: tokens of the prompt, and tokens of the answer as asked for or as is usual. */
export type Bound = {
  readonly inputTokens: number;
  /** Undefined where the caller set no limit. */
  readonly askedTokens: number | undefined;
  /** Answers to one prompt. */
  readonly answers: number;
  /** What rerankers bill: one for each hundred documents begun. */
  readonly searchUnits: number | undefined;
};

/** Documents that one search unit covers. Others bill by tokens. */
const UNIT_DOCUMENTS = 100;
const MAX_ANSWER_TOKENS = 10_000_000;

/** The longest answer that is reckoned with where neither the caller nor the model's facts set a limit. */
const USUAL_OUTPUT_TOKENS = 16_384;

const FILE_TOKENS = 6_000;
const FILE_BYTES_PER_TOKEN = 40;
/** Prompts that vendors put before tools, and what frames messages. */
const OVERHEAD_TOKENS = 64;
const TOOLS_TOKENS = 1_000;

type Bounding = {
  readonly bytes: Buffer;
  readonly body: JsonObject;
  readonly askedTokens?: number | undefined;
};

/** Upper bounds of a request's tokens, read off its body. A token is at least a byte; a file in base64 is far less than its bytes. */
export function boundOf({ bytes, body, askedTokens }: Bounding): Bound {
  return {
    inputTokens: promptBound(bytes, body),
    // Zero is what a vendor would refuse; no model writes as much as the greatest.
    askedTokens: askedTokens && Math.min(askedTokens, MAX_ANSWER_TOKENS),
    searchUnits: Array.isArray(body.documents) ? Math.ceil(body.documents.length / UNIT_DOCUMENTS) : undefined,
    answers:
      countOf(body.n) ?? countOf(body.best_of) ?? countOf(nestedOf(body, ["candidateCount", "candidate_count"])) ?? 1,
  };
}

/** The bounds of a request that some targets get otherwise than others. */
export function widest(bound: Bound, others: readonly Bound[]): Bound {
  return others.reduce(
    (most, other) => ({
      inputTokens: Math.max(most.inputTokens, other.inputTokens),
      askedTokens: most.askedTokens && other.askedTokens && Math.max(most.askedTokens, other.askedTokens),
      answers: Math.max(most.answers, other.answers),
      searchUnits: most.searchUnits && other.searchUnits && Math.max(most.searchUnits, other.searchUnits),
    }),
    bound,
  );
}

/**
 * How many tokens an answer is reckoned with whose caller set no limit: as many as the model can give, but of a stream, which may
 * hold more as it goes on, no more than is usual.
 */
export function longestAnswer(targets: readonly CallTarget[], stream: boolean): number {
  const facts = targets.map(({ upstreamModel }) => modelFacts(upstreamModel).maxOutputTokens ?? USUAL_OUTPUT_TOKENS);
  const longest = Math.max(1, ...facts);
  return stream ? Math.min(longest, USUAL_OUTPUT_TOKENS) : longest;
}

/** The most that the call can cost at any of the targets; undefined when none of them has a price. */
export function costBound(
  bound: Bound,
  targets: readonly CallTarget[],
  outputTokens: number,
  nowMs: number,
): NanoUsd | undefined {
  let most: NanoUsd | undefined;
  for (const { deployment } of targets) {
    const price = deployment && priceAt(deployment, nowMs);
    if (!price) continue;
    const cost = boundAt(price.rates, bound, outputTokens * bound.answers);
    if (most === undefined || cost > most) most = cost;
  }
  return most;
}

/** How many tokens of each answer an amount pays for at the dearest target, after the prompt; undefined where answers cost nothing. */
export function affordableTokens(
  bound: Bound,
  targets: readonly CallTarget[],
  amount: NanoUsd,
  nowMs: number,
): number | undefined {
  const prompt = costBound(bound, targets, 0, nowMs) ?? 0n;
  const million = (costBound(bound, targets, 1_000_000, nowMs) ?? 0n) - prompt;
  if (million <= 0n) return undefined;
  const left = amount - prompt;
  return left <= 0n ? 0 : Number((left * 1_000_000n) / million);
}

/** Every token at its class's dearest rate: which of them come from a cache, or go into one, only the answer tells. */
function boundAt(rates: Rates, { inputTokens, searchUnits }: Bound, outputTokens: number): NanoUsd {
  const read = dearest(rates, ["input", "cacheWrite", "cacheWrite1h", "audioInput"], inputTokens);
  const written = dearest(rates, ["output", "reasoning", "audioOutput"], inputTokens);
  const usage = { ...noUsage, [read]: inputTokens, [written]: outputTokens };
  return costOf(searchUnits === undefined ? usage : { ...usage, searchUnits }, rates);
}

type TokenClass = "input" | "cacheWrite" | "cacheWrite1h" | "audioInput" | "output" | "reasoning" | "audioOutput";

/** The class with the highest rate; one without a rate of its own costs what the class costs that it is part of, which comes first. */
function dearest(rates: Rates, classes: readonly [TokenClass, ...TokenClass[]], inputTokens: number): TokenClass {
  let [most] = classes;
  for (const one of classes) if (rateFor(rates[one], inputTokens) > rateFor(rates[most], inputTokens)) most = one;
  return most;
}

function promptBound(bytes: Buffer, body: JsonObject): number {
  let tokens = bytes.length + OVERHEAD_TOKENS + (body.tools ? TOOLS_TOKENS : 0);
  for (const length of base64Runs(bytes)) {
    const counted = Math.max(FILE_TOKENS, Math.ceil(length / FILE_BYTES_PER_TOKEN));
    tokens -= Math.max(0, length - counted);
  }
  return tokens;
}

/** A number of Gemini's settings, which stand in an object of their own. */
function nestedOf(body: JsonObject, names: readonly string[]): unknown {
  const settings = body.generationConfig ?? body.generation_config;
  const fields = typeof settings === "object" && settings !== null ? Object.entries(settings) : [];
  return fields.find(([name]) => names.includes(name))?.[1];
}

function countOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

import { describe, expect, test } from "vitest";
import { costLines, costOf, type Rates, type Units } from "@/server/money";
import { bedrock } from "@/server/providers/bedrock";
import { cohere } from "@/server/providers/cohere";
import { usageOf as usageFromCohere } from "@/server/providers/cohere/usage";
import { voyage } from "@/server/providers/voyage";
import { usageOf as usageFromGemini } from "@/server/wire/gemini-usage";
import { usageFromMessages } from "@/server/wire/messages-usage";
import { usageFromResponses } from "@/server/wire/responses";
import { inputTokens, noUsage, outputTokens, type Usage, usageFromChat } from "@/server/wire/usage";
import { recordedBody, recordedLines } from "@/tests/providers/recordings";

type Blob = Record<string, unknown>;
const context = { id: "x", created: 1 };

/** The object at a path of a recorded answer, or of the last event of a recorded stream that has it. */
function blob(name: string, path: string): Blob {
  const bodies = name.endsWith(".json") ? [recordedBody(name)] : recordedLines(name).map((line) => JSON.parse(line));
  const found = bodies.map((body) => body?.[path]).findLast((value) => value);
  if (typeof found !== "object") throw new Error(`${name} has no ${path}.`);
  return found;
}

const chat = (name: string) => usageFromChat(blob(name, "usage"));
const messages = (name: string) => usageFromMessages(blob(name, "usage"));
const responses = (name: string) => usageFromResponses(blob(name, "usage"));
const gemini = (name: string) => usageFromGemini(blob(name, "usageMetadata"));
const converse = (name: string) =>
  bedrock.chat?.kind === "translated" ? bedrock.chat.decode(recordedBody(name), context).usage : undefined;
const cohereChat = (name: string) =>
  cohere.chat?.kind === "translated" ? cohere.chat.decode(recordedBody(name), context).usage : undefined;
const cohereMeta = (name: string) => usageFromCohere(blob(name, "meta"));

const voyageEmbedding = (name: string) =>
  voyage.embeddings?.decode(recordedBody(name), { request: { model: "voyage-3.5", input: "x" }, context }).usage;

/** Dollars per million tokens. */
type PerMillion = { [Class in "input" | "cachedInput" | "cacheWrite" | "output"]?: number };

function rates({ ...usd }: PerMillion, more: Rates = {}): Rates {
  const nano = Object.entries(usd).map(([name, dollars]) => [name, Math.round(dollars * 1e9)]);
  return { ...Object.fromEntries(nano), ...more };
}

type Golden = readonly [
  recording: string,
  usageOf: (name: string) => Usage | undefined,
  totals: readonly [input: number, output: number],
  rates: Rates,
  /** Worked out by hand beside it, in nano-dollars: a token at $1 per million is 1,000. */
  nano: bigint,
];

const golden: readonly Golden[] = [
  // 16 × 100 + 363 × 400
  ["openai/chat/openai-text.json", chat, [16, 363], rates({ input: 0.1, output: 0.4 }), 146_800n],
  // 14 × 1,500 + 16 × 2,000
  ["openai/completion/openai-completion-text.json", chat, [14, 16], rates({ input: 1.5, output: 2 }), 53_000n],
  // 12 × 20
  ["openai/embedding/openai-embedding.json", chat, [12, 0], rates({ input: 0.02 }), 240n],
  // 865 × 250 + (128 of reasoning + 35) × 2,000
  [
    "openai/responses/openai-reasoning-encrypted-content.1.json",
    responses,
    [865, 163],
    rates({ input: 0.25, output: 2 }),
    542_250n,
  ],
  // 10,188 × 400 + 405 × 1,600
  [
    "azure/azure-web-search-preview-tool.1.json",
    responses,
    [10_188, 405],
    rates({ input: 0.4, output: 1.6 }),
    4_723_200n,
  ],
  // 19 × 580 + 1,969 × 1,680
  ["azure/azure-deepseek-reasoning.1.json", chat, [19, 1_969], rates({ input: 0.58, output: 1.68 }), 3_318_940n],
  // 13 × 270 + 300 × 1,100
  ["deepseek/chat/deepseek-text.json", chat, [13, 300], rates({ input: 0.27, output: 1.1 }), 333_510n],
  // 10 × 600 + 10 from the cache × 150 + 30 × 2,500
  [
    "moonshotai/moonshotai-reasoning.json",
    chat,
    [20, 30],
    rates({ input: 0.6, cachedInput: 0.15, output: 2.5 }),
    82_500n,
  ],
  // 10 × 300 + 2 from the cache × 75 + (1 and 228 of reasoning beside it) × 500; xAI's own `cost_in_usd_ticks` says 1,176,500
  ["xai/xai-text.json", chat, [12, 229], rates({ input: 0.3, cachedInput: 0.075, output: 0.5 }), 117_650n],
  // 994 × 200 + 947 from the cache × 50 + 583 × 500
  [
    "xai/responses/xai-web-search-tool.1.json",
    responses,
    [1_941, 583],
    rates({ input: 0.2, cachedInput: 0.05, output: 0.5 }),
    537_650n,
  ],
  // 218 × 590 + 15 × 790
  ["groq/groq-tool-call.json", chat, [218, 15], rates({ input: 0.59, output: 0.79 }), 140_470n],
  // 261 × 1,000, and $5 per thousand requests
  [
    "perplexity/perplexity-citations.json",
    chat,
    [10, 251],
    rates({ input: 1, output: 1 }, { request: 5_000_000 }),
    5_261_000n,
  ],
  // 24 × 1,200 + 1,668 × 6,000
  ["alibaba/alibaba-reasoning.json", chat, [24, 1_668], rates({ input: 1.2, output: 6 }), 10_036_800n],
  // 43 × 400 + 128 from the cache × 40 + 14 × 2,000
  [
    "mistral/mistral-incremental-tool-call.chunks.txt",
    chat,
    [171, 14],
    rates({ input: 0.4, cachedInput: 0.04, output: 2 }),
    50_320n,
  ],
  // 27,118 × 3,000 + 600 × 15,000, and 2 searches at $10 per thousand
  [
    "anthropic/anthropic-web-search-tool.1.json",
    messages,
    [27_118, 600],
    rates({ input: 3, output: 15 }, { webSearch: 10_000_000 }),
    110_354_000n,
  ],
  // 6 × 3,000 + 3,337 into the cache × 3,750 + 6,289 from it × 300 + 198 × 15,000
  [
    "anthropic/anthropic-code-execution-20260120-prompt-cache.1.chunks.txt",
    messages,
    [9_632, 198],
    rates({ input: 3, cacheWrite: 3.75, cachedInput: 0.3, output: 15 }),
    17_388_450n,
  ],
  // 9 × 300 + (29 and 282 of thoughts) × 2,500
  ["google/google-reasoning.json", gemini, [9, 311], rates({ input: 0.3, output: 2.5 }), 780_200n],
  // 29 × 2,000 + (15 and 1,801 of thoughts) × 12,000
  ["google/google-tool-call-gemini3.json", gemini, [29, 1_816], rates({ input: 2, output: 12 }), 21_850_000n],
  // 22 × 60 + 57 × 240
  ["amazon-bedrock/amazon-bedrock-text.json", converse, [22, 57], rates({ input: 0.06, output: 0.24 }), 15_000n],
  // What is billed, and not what the templates add: 8 × 2,500 + 578 × 10,000
  ["cohere/cohere-reasoning.json", cohereChat, [8, 578], rates({ input: 2.5, output: 10 }), 5_800_000n],
  // 10 × 120
  ["cohere/cohere-embedding.json", cohereMeta, [10, 0], rates({ input: 0.12 }), 1_200n],
  // 1 search unit at $2 per thousand
  ["cohere/reranking/cohere-reranking.1.json", cohereMeta, [0, 0], { searchUnit: 2_000_000 }, 2_000_000n],
  ["cohere/reranking/cohere-reranking.1.json", cohereMeta, [0, 0], { request: 2_000_000 }, 2_000_000n],
  // A vendor that gives only a total has it as input: 12 × 60
  ["voyage/voyage-embedding.json", voyageEmbedding, [12, 0], rates({ input: 0.06 }), 720n],
];

describe("what vendors said that they used costs to the nano-dollar what it should", () => {
  test.each(golden)("%s", (...[name, usageOf, [input, output], price, nano]) => {
    const usage = usageOf(name) ?? noUsage;
    expect([inputTokens(usage), outputTokens(usage)]).toEqual([input, output]);
    expect(costOf(usage, price)).toBe(nano);
    expect(costLines(usage, price).reduce((sum, { amountNano }) => sum + amountNano, 0n)).toBe(nano);
  });

  test("37 recorded seconds of speech at $0.006 a minute", () => {
    const { seconds } = blob("openai/transcription/openai-transcription.json", "usage");
    const units: Units = { audioSeconds: Number(seconds) };
    expect(costOf(noUsage, { audioMinute: 6_000_000 }, units)).toBe(3_700_000n);
  });
});

import type { Call } from "@/server/gateway/call";
import { estimatePrompt } from "@/server/gateway/estimate-prompt";
import { countTextTokens } from "@/server/gateway/tokenizer";
import { isRecord } from "@/server/wire/json";
import { noUsage, outputTokens, type Usage } from "@/server/wire/usage";

/** English text has about four bytes a token. */
const BYTES_PER_TOKEN = 4;
/** What is longer is reckoned by its length: counting would take longer than it is worth. */
const MAX_COUNTED_BYTES = 1024 * 1024;

/** What an upstream produced, as far as it is known. */
export type Produced = {
  /** By events and bytes. */
  readonly tokens: number;
  /** What the model wrote; undefined where it cannot be told from what frames it. */
  readonly text?: string | undefined;
  /** Usage that the upstream told before the end. */
  readonly early?: Usage | undefined;
};

/** How many tokens a text of so many bytes has, by that rule of thumb. */
export function tokensOfBytes(bytes: number): number {
  return Math.ceil(Math.max(0, bytes) / BYTES_PER_TOKEN);
}

/**
 * A call's tokens for when the upstream gave no final count, by a tokenizer where the texts are at hand; the ledger marks it as
 * estimated. What it said early (some state the prompt's tokens in the first event) is taken for what it is.
 */
export async function estimateUsage(call: Call, { tokens, text, early }: Produced): Promise<Usage> {
  const counted = text === undefined || text.length > MAX_COUNTED_BYTES ? undefined : countTextTokens(text);
  // A call must be settled whatever becomes of the tokenizer.
  const output = counted === undefined ? tokens : await counted.catch(() => tokens);
  if (early) return { ...early, output: Math.max(outputTokens(early), output), reasoning: 0, audioOutput: 0 };
  return { ...noUsage, input: await promptTokens(call), output };
}

async function promptTokens(call: Call): Promise<number> {
  if (!call.prompt || call.requestBytes > MAX_COUNTED_BYTES) return tokensOfBytes(call.requestBytes);
  try {
    return await estimatePrompt(call.prompt.canonical.request);
  } catch {
    // What the canonical form cannot say was passed on as it is.
    return tokensOfBytes(call.requestBytes);
  }
}

/** Where answers of all dialects hold what the model wrote. */
const WRITTEN = new Set([
  "content",
  "text",
  "reasoning_content",
  "reasoning",
  "refusal",
  "arguments",
  "thinking",
  "args",
]);

/** All that the model wrote in a whole answer, whatever its dialect. */
export function textOfAnswer(body: unknown): string {
  const found: string[] = [];
  collect(body, found);
  return found.join("\n");
}

function collect(value: unknown, found: string[]): void {
  if (Array.isArray(value)) for (const one of value) collect(one, found);
  else if (isRecord(value)) {
    for (const [name, field] of Object.entries(value)) {
      if (typeof field !== "string") collect(field, found);
      else if (WRITTEN.has(name)) found.push(field);
    }
  }
}

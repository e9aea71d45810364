import type { Call } from "@/server/gateway/call";
import { noUsage, outputTokens, type Usage } from "@/server/wire/usage";

/** English text has about four bytes a token. */
const BYTES_PER_TOKEN = 4;

/** How many tokens a text of so many bytes has, by that rule of thumb. */
export function tokensOfBytes(bytes: number): number {
  return Math.ceil(Math.max(0, bytes) / BYTES_PER_TOKEN);
}

/**
 * A guess at a call's tokens for when the upstream gave no final count; the ledger marks it as estimated. What it said early
 * (some state the prompt's tokens in the first event) is taken for what it is.
 */
export function estimateUsage(call: Call, producedTokens: number, early?: Usage): Usage {
  if (early) return { ...early, output: Math.max(outputTokens(early), producedTokens), reasoning: 0, audioOutput: 0 };
  return { ...noUsage, input: tokensOfBytes(call.requestBytes), output: producedTokens };
}

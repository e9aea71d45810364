import { isRecord, listOf } from "@/server/wire/json";

type Token = { token: string; logprob: number; others: readonly unknown[] };

/** A chat's logprobs as a completion's; `offset` is where the first token stands in the text. */
export function logprobsOf(logprobs: unknown, offset: number): Record<string, unknown> | null {
  const tokens = listOf(isRecord(logprobs) ? logprobs.content : undefined).flatMap(tokenOf);
  if (tokens.length === 0) return null;
  let at = offset;
  const offsets = tokens.map(({ token }) => {
    const start = at;
    at += token.length;
    return start;
  });
  return {
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs: tokens.map(({ others }) =>
      Object.fromEntries(others.flatMap(tokenOf).map(({ token, logprob }) => [token, logprob])),
    ),
    text_offset: offsets,
  };
}

function tokenOf(value: unknown): Token[] {
  if (!isRecord(value) || typeof value.token !== "string" || typeof value.logprob !== "number") return [];
  return [{ token: value.token, logprob: value.logprob, others: listOf(value.top_logprobs) }];
}

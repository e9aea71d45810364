import { isRecord, listOf, textOf } from "@/server/wire/json";

/** `logprobsResult` in OpenAI's form; undefined where there is none. Source: Gemini API reference, "LogprobsResult". */
export function logprobsOf(result: unknown): { content: Record<string, unknown>[]; refusal: null } | undefined {
  if (!isRecord(result)) return undefined;
  const top = listOf(result.topCandidates);
  const content = listOf(result.chosenCandidates).flatMap((chosen, step) => {
    const entry = entryOf(chosen);
    if (!entry) return [];
    const at = top[step];
    const alternatives = listOf(isRecord(at) ? at.candidates : undefined).flatMap((one) => entryOf(one) ?? []);
    return [{ ...entry, top_logprobs: alternatives }];
  });
  return content.length > 0 ? { content, refusal: null } : undefined;
}

function entryOf(candidate: unknown): { token: string; logprob: number; bytes: number[] } | undefined {
  if (!isRecord(candidate)) return undefined;
  const token = textOf(candidate.token);
  if (token === undefined) return undefined;
  const logprob = typeof candidate.logProbability === "number" ? candidate.logProbability : 0;
  return { token, logprob, bytes: [...Buffer.from(token)] };
}

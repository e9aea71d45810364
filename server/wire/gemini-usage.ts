import { countOf, isRecord, listOf } from "@/server/wire/json";
import { inputTokens, noUsage, outputTokens, type Usage } from "@/server/wire/usage";

/**
 * `usageMetadata` as disjoint classes that sum to its total; undefined when it counts nothing. `promptTokenCount` holds what
 * came from a cache; thoughts and the results of tools that ran at Google stand beside the other counts.
 * Source: Gemini API reference, "UsageMetadata".
 */
export function usageOf(blob: unknown): Usage | undefined {
  if (!isRecord(blob)) return undefined;
  const given = [blob.promptTokenCount, blob.candidatesTokenCount, blob.thoughtsTokenCount, blob.totalTokenCount];
  if (given.every((count) => countOf(count) === undefined)) return undefined;
  const prompt = countOf(blob.promptTokenCount) ?? 0;
  const toolUse = countOf(blob.toolUsePromptTokenCount) ?? 0;
  const reasoning = countOf(blob.thoughtsTokenCount) ?? 0;
  const cachedInput = Math.min(countOf(blob.cachedContentTokenCount) ?? 0, prompt);
  const freshAudio = Math.max(0, audioOf(blob.promptTokensDetails) - audioOf(blob.cacheTokensDetails));
  const audioInput = Math.min(freshAudio, prompt - cachedInput);
  const toolAudio = Math.min(audioOf(blob.toolUsePromptTokensDetails), toolUse);
  // Some open models leave the candidates' count out and have it in the total alone.
  const rest = Math.max(0, (countOf(blob.totalTokenCount) ?? 0) - prompt - toolUse - reasoning);
  const produced = countOf(blob.candidatesTokenCount) ?? rest;
  const audioOutput = Math.min(audioOf(blob.candidatesTokensDetails), produced);
  return {
    ...noUsage,
    input: prompt - cachedInput - audioInput + toolUse - toolAudio,
    cachedInput,
    audioInput: audioInput + toolAudio,
    output: produced - audioOutput,
    reasoning,
    audioOutput,
  };
}

function audioOf(details: unknown): number {
  let tokens = 0;
  for (const detail of listOf(details)) {
    if (isRecord(detail) && detail.modality === "AUDIO") tokens += countOf(detail.tokenCount) ?? 0;
  }
  return tokens;
}

/** Disjoint classes as `usageMetadata`. */
export function usageMetadata(usage: Usage): Record<string, unknown> {
  const prompt = inputTokens(usage);
  const produced = outputTokens(usage) - usage.reasoning;
  return {
    promptTokenCount: prompt,
    candidatesTokenCount: produced,
    totalTokenCount: prompt + produced + usage.reasoning,
    ...(usage.cachedInput > 0 && { cachedContentTokenCount: usage.cachedInput }),
    ...(usage.reasoning > 0 && { thoughtsTokenCount: usage.reasoning }),
    promptTokensDetails: byModality(prompt - usage.audioInput, usage.audioInput),
    candidatesTokensDetails: byModality(produced - usage.audioOutput, usage.audioOutput),
  };
}

function byModality(text: number, audio: number): object[] {
  return [
    ...(text > 0 || audio === 0 ? [{ modality: "TEXT", tokenCount: text }] : []),
    ...(audio > 0 ? [{ modality: "AUDIO", tokenCount: audio }] : []),
  ];
}

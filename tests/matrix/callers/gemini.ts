import type { Caller, Wish } from "@/tests/matrix/callers/caller";
import { at, events, list, number, text } from "@/tests/matrix/json";
import { IMAGE, type Said, schema, type Tokens, tools } from "@/tests/matrix/said";

function body({ prompt, feature }: Wish): Record<string, unknown> {
  const image = { inlineData: { mimeType: "image/png", data: IMAGE } };
  const config = {
    ...(feature === "reasoning" && { thinkingConfig: { includeThoughts: true, thinkingBudget: 2048 } }),
    ...(feature === "structured" && { responseMimeType: "application/json", responseJsonSchema: schema }),
  };
  return {
    contents: [{ role: "user", parts: [{ text: prompt }, ...(feature === "image" ? [image] : [])] }],
    ...(Object.keys(config).length > 0 && { generationConfig: config }),
    ...(feature.endsWith("tools") && { tools: [{ functionDeclarations: tools }] }),
  };
}

const FINISH: Record<string, string> = { STOP: "stop", MAX_TOKENS: "length", SAFETY: "content_filter" };

function tokensOf(usage: unknown): Tokens | undefined {
  if (!usage) return undefined;
  const reasoning = number(usage, "thoughtsTokenCount");
  return {
    input: number(usage, "promptTokenCount"),
    cached: number(usage, "cachedContentTokenCount"),
    output: (number(usage, "candidatesTokenCount") ?? 0) + (reasoning ?? 0),
    reasoning,
  };
}

function saidBy(answers: readonly unknown[]): Said {
  const parts = answers.flatMap((answer) => list(answer, "candidates", 0, "content", "parts"));
  const texts = (thought: boolean) =>
    parts.filter((part) => (at(part, "thought") === true) === thought).map((part) => text(part, "text"));
  const calls = parts.flatMap((part) => at(part, "functionCall") ?? []);
  const finish = answers
    .map((answer) => text(answer, "candidates", 0, "finishReason"))
    .findLast((reason) => reason !== "");
  const plain = FINISH[finish ?? ""] ?? finish;
  return {
    text: texts(false).join(""),
    reasoning: texts(true).join(""),
    calls: calls.map((call) => ({ id: text(call, "id"), name: text(call, "name"), input: at(call, "args") ?? {} })),
    // Gemini has no reason of its own for an end by tool calls.
    finish: plain === "stop" && calls.length > 0 ? "tool_calls" : plain,
    tokens: tokensOf(answers.map((answer) => at(answer, "usageMetadata")).findLast((usage) => usage)),
  };
}

export const gemini: Caller = {
  id: "gemini",
  path: ({ model, stream }) =>
    `/v1beta/models/${encodeURIComponent(model)}:${stream ? "streamGenerateContent?alt=sse" : "generateContent"}`,
  body,
  followUp: (request, answer, results) => {
    const content = at(answer, "candidates", 0, "content");
    const calls = list(content, "parts").flatMap((part) => at(part, "functionCall") ?? []);
    const parts = results.map((result, index) => ({
      functionResponse: {
        ...(text(calls[index], "id") && { id: text(calls[index], "id") }),
        name: text(calls[index], "name"),
        response: { result },
      },
    }));
    return { ...request, contents: [...list(request, "contents"), content, { role: "user", parts }] };
  },
  read: (answer) => saidBy([answer]),
  readStream: (stream) => {
    const answers = events(stream);
    const broken = answers.find((answer) => at(answer, "error"));
    if (broken) throw new Error(`The stream holds an error: ${JSON.stringify(broken)}`);
    return saidBy(answers);
  },
  errorOf: (error) => (text(error, "error", "status") ? text(error, "error", "message") : undefined),
  lacks: {},
};

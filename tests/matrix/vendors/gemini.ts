import { at, halves, list, text } from "@/tests/matrix/json";
import { type Asked, lines, type Play, USED } from "@/tests/matrix/said";
import { cutShort, type Family, sse } from "@/tests/matrix/vendors/family";

const usageMetadata = {
  promptTokenCount: USED.fresh + USED.cached,
  cachedContentTokenCount: USED.cached,
  candidatesTokenCount: USED.seen,
  thoughtsTokenCount: USED.reasoning,
  totalTokenCount: USED.fresh + USED.cached + USED.seen + USED.reasoning,
};

function asked(body: unknown): Asked {
  const parts = list(body, "contents").flatMap((content) => list(content, "parts"));
  const config = at(body, "generationConfig");
  return {
    prompt: parts.map((part) => text(part, "text")).join("\n"),
    tools: list(body, "tools").flatMap((tool) =>
      list(tool, "functionDeclarations").map((declared) => text(declared, "name")),
    ),
    images: parts.flatMap((part) => text(part, "inlineData", "data") || []),
    effort: at(config, "thinkingConfig"),
    schema: at(config, "responseJsonSchema") ?? at(config, "responseSchema"),
    results: parts.flatMap((part) => {
      const response = at(part, "functionResponse", "response");
      return response ? [text(response, "result") || text(response, "output") || text(response, "content")] : [];
    }),
  };
}

function answer(parts: readonly object[], finishReason?: string): object {
  return {
    candidates: [{ index: 0, content: { role: "model", parts }, ...(finishReason && { finishReason }) }],
    usageMetadata: finishReason ? usageMetadata : { promptTokenCount: 20, totalTokenCount: 20 },
    modelVersion: "served-model",
    responseId: "resp-m1",
  };
}

/** Google gives calls no ids. */
function callParts(play: Play): object[] {
  return lines(play).calls.map(({ name, input }, index) => ({
    functionCall: { name, args: input },
    ...(index === 0 && { thoughtSignature: "c2lnbmVk" }),
  }));
}

function whole(play: Play): object {
  const { thought, text: said } = lines(play);
  const thoughts = thought === "" ? [] : [{ text: thought, thought: true }];
  return answer([...thoughts, { text: said }, ...callParts(play)], "STOP");
}

function stream(play: Play): readonly object[] {
  const { thought, text: said } = lines(play);
  const thoughts = thought === "" ? [] : halves(thought);
  return cutShort(play, [
    ...thoughts.map((half) => answer([{ text: half, thought: true }])),
    ...halves(said).map((half) => answer([{ text: half }])),
    ...callParts(play).map((part) => answer([part])),
    answer([{ text: "" }], "STOP"),
  ]);
}

/** Google's generateContent. */
export const geminiFamily: Family = {
  asked,
  whole,
  stream: (play) => sse(stream(play)),
  error: (status, message) => ({
    error: { code: status, message, status: status === 429 ? "RESOURCE_EXHAUSTED" : "INVALID_ARGUMENT" },
  }),
  tells: { cached: true, reasoning: true },
};

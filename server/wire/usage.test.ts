import { describe, expect, test } from "vitest";
import { chatUsage, inputTokens, noUsage, outputTokens, type Usage, usageFromChat } from "@/server/wire/usage";

/** [whose usage object, as recorded from that vendor, its classes worked out by hand] */
const recorded: [string, object, Partial<Usage>][] = [
  [
    "OpenAI: reasoning is part of completion_tokens",
    {
      completion_tokens: 78,
      completion_tokens_details: { accepted_prediction_tokens: 0, audio_tokens: 0, reasoning_tokens: 64 },
      prompt_tokens: 15,
      prompt_tokens_details: { audio_tokens: 0, cached_tokens: 0 },
      total_tokens: 93,
    },
    { input: 15, reasoning: 64, output: 14 },
  ],
  [
    "DeepSeek: cache hits are part of prompt_tokens",
    {
      prompt_tokens: 495,
      completion_tokens: 144,
      total_tokens: 639,
      prompt_tokens_details: { cached_tokens: 320 },
      completion_tokens_details: { reasoning_tokens: 118 },
      prompt_cache_hit_tokens: 320,
      prompt_cache_miss_tokens: 175,
    },
    { input: 175, cachedInput: 320, reasoning: 118, output: 26 },
  ],
  [
    "xAI: reasoning is beside completion_tokens",
    {
      prompt_tokens: 307,
      completion_tokens: 26,
      total_tokens: 560,
      prompt_tokens_details: { text_tokens: 307, audio_tokens: 0, image_tokens: 0, cached_tokens: 306 },
      completion_tokens_details: { reasoning_tokens: 227, audio_tokens: 0 },
    },
    { input: 1, cachedInput: 306, reasoning: 227, output: 26 },
  ],
  [
    "Moonshot: cached_tokens without details",
    {
      prompt_tokens: 20,
      completion_tokens: 30,
      total_tokens: 50,
      cached_tokens: 10,
      completion_tokens_details: { reasoning_tokens: 22 },
    },
    { input: 10, cachedInput: 10, reasoning: 22, output: 8 },
  ],
  [
    "Groq: no details",
    { queue_time: 0.04, prompt_tokens: 210, completion_tokens: 15, total_tokens: 225, total_time: 0.06 },
    { input: 210, output: 15 },
  ],
];

/** [what it is, the object, its classes] */
const written: [string, object, Partial<Usage>][] = [
  [
    "audio in and out",
    {
      prompt_tokens: 100,
      completion_tokens: 50,
      total_tokens: 150,
      prompt_tokens_details: { cached_tokens: 20, audio_tokens: 30 },
      completion_tokens_details: { audio_tokens: 40, reasoning_tokens: 4 },
    },
    { input: 50, cachedInput: 20, audioInput: 30, output: 6, audioOutput: 40, reasoning: 4 },
  ],
  [
    "a cache that was written and read",
    {
      prompt_tokens: 100,
      completion_tokens: 1,
      prompt_tokens_details: { cached_tokens: 60, cache_creation_tokens: 30 },
    },
    { input: 10, cachedInput: 60, cacheWrite: 30, output: 1 },
  ],
  [
    "reasoning that only the total shows",
    { prompt_tokens: 7, completion_tokens: 20, total_tokens: 250 },
    { input: 7, output: 20, reasoning: 223 },
  ],
  [
    "details that claim more than the totals",
    {
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 15,
      prompt_tokens_details: { cached_tokens: 8, cache_creation_tokens: 8, audio_tokens: 8 },
      completion_tokens_details: { reasoning_tokens: 9, audio_tokens: 9 },
    },
    { cachedInput: 8, cacheWrite: 2, reasoning: 5 },
  ],
  ["an embedding, which produces nothing", { prompt_tokens: 12, total_tokens: 12 }, { input: 12 }],
  [
    "details that are null",
    { prompt_tokens: 3, completion_tokens: 4, prompt_tokens_details: null },
    { input: 3, output: 4 },
  ],
];

describe("usageFromChat", () => {
  test.each([...recorded, ...written])("%s", (_name, blob, classes) => {
    expect(usageFromChat(blob)).toEqual({ ...noUsage, ...classes });
  });

  test.each(recorded)("%s: the classes sum to the vendor's total", (_name, blob) => {
    const usage = usageFromChat(blob) ?? noUsage;
    expect(inputTokens(usage) + outputTokens(usage)).toBe("total_tokens" in blob ? blob.total_tokens : undefined);
  });

  test.each([
    [undefined],
    [null],
    ["12"],
    [[]],
    [{}],
    [{ prompt_tokens: null }],
    [{ prompt_tokens: -1 }],
    [{ total_tokens: 3 }],
  ])("%j is not one", (blob) => {
    expect(usageFromChat(blob)).toBeUndefined();
  });
});

describe("chatUsage", () => {
  const usage: Usage = {
    input: 1,
    cachedInput: 20,
    cacheWrite: 300,
    cacheWrite1h: 4000,
    audioInput: 5,
    output: 60,
    reasoning: 700,
    audioOutput: 8,
  };

  test("gives OpenAI's totals, which hold every class", () => {
    expect(chatUsage(usage)).toEqual({
      prompt_tokens: 4326,
      completion_tokens: 768,
      total_tokens: 5094,
      prompt_tokens_details: { cached_tokens: 20, audio_tokens: 5, cache_creation_tokens: 4300 },
      completion_tokens_details: { reasoning_tokens: 700, audio_tokens: 8 },
    });
  });

  test("is read back as it was, but for how long a cache lives, which OpenAI has no word for", () => {
    expect(usageFromChat(chatUsage(usage))).toEqual({ ...usage, cacheWrite: 4300, cacheWrite1h: 0 });
  });
});

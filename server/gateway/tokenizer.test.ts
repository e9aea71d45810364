import { describe, expect, test } from "vitest";
import { estimatePrompt } from "@/server/gateway/estimate-prompt";
import { countTextTokens } from "@/server/gateway/tokenizer";
import { ChatRequest } from "@/server/wire/chat";

describe("counting a text's tokens", () => {
  test.each([
    ["", 0],
    ["Hello world", 2],
    ["<|endoftext|>", 7],
  ])("%j has %d", async (text, tokens) => {
    expect(await countTextTokens(text)).toBe(tokens);
  });

  test("cutting a long text into slices changes little", async () => {
    const sentence = "The quick brown fox jumps over the lazy dog. ";
    const uncut = await countTextTokens(sentence.repeat(300));
    const cut = await countTextTokens(sentence.repeat(3000));
    expect(Math.abs(cut / (uncut * 10) - 1)).toBeLessThan(0.005);
  });

  // A tokenizer's time grows with the square of such a run: uncut, these take many seconds.
  test.each([
    ["one letter", "a"],
    ["spaces", " "],
    ["signs without spaces", "漢字かな交じり文"],
    ["punctuation", "=-"],
  ])("a long run of %s takes no long time", async (_name, text) => {
    const started = performance.now();
    expect(await countTextTokens(text.repeat(Math.ceil(200_000 / text.length)))).toBeGreaterThan(100);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test("other work has its turn between the slices", async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    await countTextTokens("The quick brown fox. ".repeat(50_000));
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
  });
});

describe("estimating a prompt", () => {
  const estimate = (request: object) =>
    estimatePrompt(ChatRequest.parse({ model: "m", messages: [{ role: "user", content: "Hello world" }], ...request }));

  test("its text, and what is around it", async () => {
    expect(await estimate({})).toBe(3 + 4 + 2);
  });

  test("a picture's bytes are not text", async () => {
    const image_url = { url: `data:image/png;base64,${"iVBO".repeat(100_000)}` };
    const content = [{ type: "image_url", image_url }];
    const messages = [{ role: "user", content }];
    expect(await estimate({ messages })).toBe(3 + 4 + 1300);
  });

  test("tools and their calls count", async () => {
    const tool = { type: "function", function: { name: "weather", parameters: { type: "object" } } };
    const called = { id: "a", type: "function", function: { name: "weather", arguments: '{"city":"Köln"}' } };
    const messages = [
      { role: "user", content: "Hello world" },
      { role: "assistant", content: null, tool_calls: [called] },
    ];
    expect(await estimate({ tools: [tool] })).toBeGreaterThan((await estimate({})) + 10);
    expect(await estimate({ messages })).toBeGreaterThan((await estimate({})) + 8);
  });
});
